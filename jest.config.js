import { availableParallelism } from 'node:os';

export default {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testEnvironment: 'node',
  testRunner: '<rootDir>/test/support/jest/node-realm.runner.js',
  transform: {},
  globalSetup: '<rootDir>/test/support/jest/run.setup.js',
  globalTeardown: '<rootDir>/test/support/jest/run.teardown.js',
  testTimeout: 120_000,
  maxWorkers: availableParallelism() + 1,
  testSequencer: '<rootDir>/test/support/jest/longest-first.sequencer.js',
  reporters: ['default', '<rootDir>/test/support/jest/summary.reporter.js'],
};
