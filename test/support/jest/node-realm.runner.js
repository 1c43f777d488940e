import circus from 'jest-circus/runner';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);

/**
 * Runs a file of tests by jest-circus, as Jest does, but in the realm of Node.js and with its loader. Jest's own loader loads the
 * service again for each file, which takes longer than most tests.
 */
export default function runTests(globalConfig, config, environment, runtime, testPath, sendMessageToJest) {
  // Jest's reads the source maps of its own loader; Node.js has those of ours
  Error.prepareStackTrace = undefined;
  const { constructor: ModuleMocker } = environment.moduleMocker;
  globalThis.jest = new ModuleMocker(globalThis);
  const realm = Object.create(environment, { global: { value: globalThis } });
  const loader = Object.create(runtime, {
    // jest-circus keeps the tests of a file in its module
    requireInternalModule: {
      value: (path) => {
        delete require.cache[path];
        return require(path);
      },
    },
    setGlobalsForRuntime: { value: () => undefined },
    unstable_shouldLoadAsEsm: { value: () => true },
    unstable_importModule: { value: (path) => import(pathToFileURL(path)) },
  });
  return circus.default(globalConfig, config, realm, loader, testPath, sendMessageToJest);
}
