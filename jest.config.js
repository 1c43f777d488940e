import { availableParallelism } from 'node:os';
import { BUNDLED_DEPENDENCIES } from './test/support/jest/dependencies.js';

/** Tests run as ES modules: see the "test" script for the flag that Node needs for it. */
export default {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { ...BUNDLED_DEPENDENCIES, '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          target: 'es2022',
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  globalSetup: '<rootDir>/test/support/jest/run.setup.ts',
  globalTeardown: '<rootDir>/test/support/jest/run.teardown.ts',
  // Says that a test hangs, not that a machine is slow
  testTimeout: 120_000,
  // Jest's own choice leaves a machine with two processors half idle: most tests wait for a server, a disk or a browser
  maxWorkers: availableParallelism() + 1,
  testSequencer: '<rootDir>/test/support/jest/longest-first.sequencer.js',
  reporters: ['default', '<rootDir>/test/support/jest/summary.reporter.js'],
};
