import { type DynamicModule, Module } from '@nestjs/common';
import { CONFIG, type Config } from './variables.js';

/** Gives every module the one {@link Config} that the application was built with. */
@Module({})
export class ConfigModule {
  static of(config: Config): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: CONFIG, useValue: config }],
      exports: [CONFIG],
    };
  }
}
