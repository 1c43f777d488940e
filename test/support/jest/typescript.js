import { register } from 'node:module';
import { isMainThread } from 'node:worker_threads';

// For `node --import`: TypeScript is compiled as it is imported, with the decorators that NestJS and TypeORM need.
// Threads of the service, which import this too, have no TypeScript.
if (isMainThread) register('./typescript.loader.js', import.meta.url);
