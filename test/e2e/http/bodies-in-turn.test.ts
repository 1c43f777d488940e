import { many } from '../../support/many.js';
import { connectionsPerTest, GET, pause, POST } from '../../support/network/connections.js';

const COUNT = 40;

const post = (body: object, path = '/v2/oauth/register') => {
  const text = JSON.stringify(body);
  return `${POST.replace('/v2/oauth/register', path)}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
};
const LANGUAGES = many(100, (i) => `${'abcdefghij'[i % 10]}${'abcdefghij'[Math.floor(i / 10)]}`);

// On one engine: it is about what comes before a database
describe('Bodies that arrive in the same moment', () => {
  const { start, open, isWell } = connectionsPerTest();

  it.each<[string, string, string]>([
    ['unknown members', post(Object.fromEntries(many(900, (i) => [`m${i}`, 'x'.repeat(60)]))), '400'],
    ['thousands of unknown members', post(Object.fromEntries(many(5_500, (i) => [`m${i}`, 1]))), '400'],
    [
      'translated names, where names are reserved',
      post(
        Object.fromEntries(LANGUAGES.map((tag, i) => [`client_name#${tag}`, `${'x y z '.repeat(3)}${i}`])),
        '/v2/oauth/register?dry_run=true',
      ),
      '200',
    ],
  ])('do not delay other requests: %s', async (_, request, status) => {
    await start({}, { RATE_LIMIT_REGISTER: 'off', REGISTRATION_RESERVED_NAMES: 'Acme, *Example Desktop*' });
    const senders = await Promise.all(many(COUNT, () => open()));
    const probe = await open();
    for (const sender of senders) sender.send(request.slice(0, -1));
    await pause(200);
    await isWell();
    for (const sender of senders) sender.send(request.slice(-1));
    probe.send(`${GET}\r\n`);
    // However slow the machine is
    for (const connection of [...senders, probe]) {
      while (connection.isOpen && connection.statuses.length === 0) await pause(10);
    }
    expect(senders.flatMap(({ statuses }) => statuses)).toEqual(many(COUNT, () => status));
    const before = senders.filter(({ receivedAtMs }) => receivedAtMs < probe.receivedAtMs);
    expect(before.length).toBeLessThan(COUNT / 2);
  });
});
