import { Module } from '@nestjs/common';
import { HealthController } from './health.controller.js';

/** What operators and their tools look at. */
@Module({ controllers: [HealthController] })
export class OperationsModule {}
