import { readClientCredentials } from '../../../../src/api/rest/authorization/client-credentials.js';

const ISSUER = 'https://registry.example';

describe('A client assertion without a client_id', () => {
  const read = (claims: string) => {
    const parts = ['{"alg":"ES256"}', claims, 'signature'].map((part) =>
      Buffer.from(part).toString('base64url'),
    );
    return readClientCredentials(undefined, { client_assertion: parts.join('.') }, ISSUER).clientId;
  };

  it('names the client in its subject', () => {
    expect(read('{"sub":"a"}')).toBe('a');
  });

  it.each([
    ['two subjects', '{"sub":"a","sub":"b"}'],
    ['thousands of members', `{"sub":"a",${Array.from({ length: 3_000 }, (_, i) => `"${i}":0`).join()}}`],
    ['a subject of another type', '{"sub":["a"]}'],
    ['no subject', '{}'],
    ['no object', 'null'],
  ])('names none with %s', (_, claims) => {
    expect(() => read(claims)).toThrow('client_id is missing.');
  });
});
