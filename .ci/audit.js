import { spawnSync } from 'node:child_process';

/**
 * Fails where something that the service runs on has a known vulnerability of high severity or worse. Not every registry
 * and not every network answers that question; then nothing is known, which is not a fault of the change under test.
 */
const { stdout, stderr } = spawnSync('npm', ['audit', '--omit=dev', '--audit-level=high', '--json'], {
  encoding: 'utf8',
  maxBuffer: Infinity,
});
const { vulnerabilities } = parse(stdout) ?? {};

if (vulnerabilities === undefined) {
  console.warn(`NOT AUDITED: the registry does not say which dependencies are vulnerable.\n${stderr}`);
} else {
  const severe = Object.values(vulnerabilities).filter(({ severity }) =>
    ['high', 'critical'].includes(severity),
  );
  for (const { name, severity, range, via } of severe) {
    const reasons = via.map((reason) => reason.url ?? reason).join(', ');
    console.error(`${severity}: ${name} ${range} (${reasons})`);
  }
  console.log(`${severe.length} vulnerabilities of high severity or worse in what the service runs on`);
  if (severe.length > 0) process.exitCode = 1;
}

/** @returns {{ vulnerabilities?: Record<string, any> } | undefined} */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
