import { existsSync } from 'node:fs';

/** The command line of the build, for the scripts of package.json. */
const built = new URL('dist/cli.js', import.meta.url);
if (!existsSync(built)) {
  process.stderr.write('The service is not built yet: run "npm start" first, or "npm run build".\n');
  process.exit(1);
}
await import(built.href);
