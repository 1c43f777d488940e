import { cut, loggablePath } from '../../../../src/observability/logs/loggable.js';
import { generateCredential, generateSecret } from '../../../../src/secrets/secret.js';

const ID = '01a20080-c163-717e-a4ad-7633ebbe7df6';

describe('The path of a request in the log', () => {
  it.each([
    ['/', '/'],
    ['/health/ready?token=sesame', '/health/ready'],
    ['/v2/oauth_clients', '/v2/oauth_clients'],
    [`/v2/oauth/clients/${ID}/secrets/${ID}`, `/v2/oauth/clients/${ID}/secrets/${ID}`],
    ['/wp-login.php', '/wp-login.php'],
    ['/.env', '/.env'],
    ['/a//b/', '/a//b/'],
    [`/v2/oauth/register/${'a'.repeat(25)}`, '/v2/oauth/register/…'],
    [`/v2/oauth/register/${ID}x`, '/v2/oauth/register/…'],
    // What openssl makes of 33 random bytes, as it is and as a URL has it
    ['/keys/Zm9v+mFy/MTIzNDU2Nzg5MDEyMzQ1Njc4/A=', '/keys/…/…/…'],
    ['/keys/Zm9v%2BmFy%2FMTIz', '/keys/…'],
    ['/keys/a:b@c', '/keys/…'],
  ])('%s is %s', (url, expected) => {
    expect(loggablePath(url)).toBe(expected);
  });

  it('shows no generated credential', () => {
    for (const secret of [generateSecret(), generateCredential('apiKey'), generateSecret()]) {
      expect(loggablePath(`/v2/oauth/clients/${secret}/secrets`)).toBe('/v2/oauth/clients/…/secrets');
    }
  });

  it('is of bounded length', () => {
    expect(loggablePath('/ab'.repeat(10_000)).length).toBeLessThanOrEqual(256);
  });
});

it('Truncates long text with a mark', () => {
  expect(cut('abc', 3)).toBe('abc');
  expect(cut('abcd', 3)).toBe('ab…');
});
