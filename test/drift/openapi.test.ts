import { ERROR_STATUS } from '../../src/errors/registry-error.js';
import { Registry } from '../support/registry.js';

/** The facts of the published contract, which callers were written against. */
const string = { type: 'string' };
const boolean = { type: 'boolean' };
const uri = { type: 'string', format: 'uri' };
const uriOrNull = { type: ['string', 'null'], format: 'uri' };
const dateTime = { type: 'string', format: 'date-time' };
const list = (items: object) => ({ type: 'array', items });
const oneOf = (...values: string[]) => ({ type: 'string', enum: values });
const json = (schema: object) => ({ content: { 'application/json': { schema } } });

const error = {
  type: 'object',
  properties: { error: string, error_description: string },
  required: ['error'],
};
const grants = list(oneOf('client_credentials', 'authorization_code', 'refresh_token'));

const CONTRACT = {
  '/v2/oauth/clients': {
    security: [{ bearerAuth: [] }],
    requestBody: {
      required: true,
      ...json({
        type: 'object',
        properties: {
          name: string,
          allowed_scopes: list(string),
          client_type: oneOf('public', 'confidential'),
          require_pkce: { ...boolean, default: false },
          allowed_grant_types: grants,
          redirect_uris: { ...list(uri), default: [] },
          logo_uri: uri,
          policy_uri: uri,
          tos_uri: uri,
        },
        required: ['allowed_grant_types', 'allowed_scopes', 'client_type', 'name'],
        additionalProperties: false,
      }),
    },
    responses: {
      201: json({
        type: 'object',
        properties: {
          data: {
            type: 'object',
            properties: {
              record_type: oneOf('oauth_client'),
              client_id: string,
              name: string,
              org_id: string,
              user_id: string,
              allowed_scopes: list(string),
              client_type: oneOf('public', 'confidential'),
              require_pkce: boolean,
              allowed_grant_types: grants,
              redirect_uris: list(uri),
              logo_uri: uriOrNull,
              tos_uri: uriOrNull,
              policy_uri: uriOrNull,
              client_secret: { type: ['string', 'null'] },
              created_at: dateTime,
              updated_at: dateTime,
            },
            required: [
              'client_id',
              'client_type',
              'created_at',
              'name',
              'org_id',
              'record_type',
              'require_pkce',
              'updated_at',
              'user_id',
            ],
          },
        },
      }),
      400: json(error),
      401: json(error),
      422: json(error),
    },
  },
  '/v2/oauth/register': {
    security: [],
    requestBody: {
      required: true,
      ...json({
        type: 'object',
        properties: {
          redirect_uris: list(uri),
          client_name: string,
          grant_types: {
            ...list(oneOf('authorization_code', 'client_credentials', 'refresh_token')),
            default: ['authorization_code'],
          },
          response_types: { ...list(string), default: ['code'] },
          scope: string,
          token_endpoint_auth_method: {
            ...oneOf('none', 'client_secret_basic', 'client_secret_post'),
            default: 'client_secret_basic',
          },
          logo_uri: uri,
          tos_uri: uri,
          policy_uri: uri,
        },
        additionalProperties: false,
      }),
    },
    responses: {
      201: json({
        type: 'object',
        properties: {
          client_id: string,
          client_secret: string,
          redirect_uris: list(uri),
          client_name: string,
          grant_types: list(string),
          response_types: list(string),
          scope: string,
          token_endpoint_auth_method: string,
          client_id_issued_at: { type: 'integer' },
          logo_uri: uri,
          tos_uri: uri,
          policy_uri: uri,
        },
        required: ['client_id', 'client_id_issued_at'],
      }),
      400: json({
        type: 'object',
        properties: {
          error: string,
          error_description: string,
          invalid_fields: { type: 'object', additionalProperties: list(string) },
        },
      }),
    },
  },
};

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What is said for people, and so may be said in other words. */
const PROSE = ['description', 'summary', 'example', 'operationId', 'tags'];

const isEmptyList = (value: Json) => Array.isArray(value) && value.length === 0;

/** The facts of a part of a document: references followed, prose left out, order of `required` ignored. */
function factsOf(document: Json, part: Json, isPropertyList = false): Json {
  if (Array.isArray(part)) return part.map((item) => factsOf(document, item));
  if (typeof part !== 'object' || part === null) return part;
  if (typeof part.$ref === 'string') {
    const path = part.$ref.split('/').slice(1);
    return factsOf(
      document,
      path.reduce<Json>((node, key) => (node as Record<string, Json>)[key] ?? null, document),
    );
  }
  return Object.fromEntries(
    Object.entries(part)
      .filter(
        ([key, value]) =>
          isPropertyList || !(PROSE.includes(key) || (key === 'parameters' && isEmptyList(value))),
      )
      .map(([key, value]): [string, Json] => [
        key,
        key === 'required' && Array.isArray(value)
          ? value.map(String).sort()
          : factsOf(document, value, key === 'properties'),
      ]),
  );
}

describe('/openapi.json', () => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start('sqlite', { PUBLIC_URL: 'https://registry.example/base/' });
  });
  afterAll(() => registry.stop());

  it.each(Object.entries(CONTRACT))('is equal to the contract for POST %s', async (path, expected) => {
    const { body: document } = await registry.send('/openapi.json', { method: 'GET' });
    expect(
      factsOf(document as Json, (document as { paths: Record<string, { post: Json }> }).paths[path]!.post),
    ).toEqual(expected);
  });

  it('has every error by its status, with the header fields that come with it', async () => {
    const { body } = await registry.send('/openapi.json', { method: 'GET' });
    const { responses } = body.components;
    const codes = Object.entries(ERROR_STATUS).map(([code, status]) => [String(status), code] as const);
    for (const [status, code] of codes) {
      expect(responses[status].content['application/json'].schema.properties.error.enum).toContain(code);
    }
    expect(Object.keys(responses).sort()).toEqual(
      [...new Set([...codes.map(([status]) => status), '408', '431'])].sort(),
    );
    expect(Object.keys(responses['401'].headers)).toEqual(['Cache-Control', 'WWW-Authenticate']);
    expect(Object.keys(responses['429'].headers)).toEqual(['Cache-Control', 'Retry-After']);
  });

  it('declares the parameters of every path', async () => {
    const { body } = await registry.send('/openapi.json', { method: 'GET' });
    const undeclared = Object.entries(
      body.paths as Record<string, Record<string, Record<string, unknown>>>,
    ).flatMap(([path, operations]) =>
      Object.values(operations).flatMap(({ operationId, parameters }) => {
        const declared = (parameters ?? []) as { in: string; name: string }[];
        return [...path.matchAll(/\{(\w+)\}/g)]
          .map(([, name]) => name!)
          .filter((name) => !declared.some((each) => each.in === 'path' && each.name === name))
          .map((name) => `${String(operationId)}: ${name}`);
      }),
    );
    expect(undeclared).toEqual([]);
  });

  it('says where the service is, and how to authenticate', async () => {
    const { body, status } = await registry.send('/openapi.json', { method: 'GET' });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      openapi: '3.1.0',
      servers: [{ url: 'https://registry.example/base' }],
      components: { securitySchemes: { bearerAuth: { type: 'http', scheme: 'bearer' } } },
    });
  });

  it('can be browsed at /docs with nothing loaded from elsewhere', async () => {
    const page = await registry.send('/docs', { method: 'GET' });
    expect(page.status).toBe(200);
    const loaded = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url!);
    expect(loaded.length).toBeGreaterThan(3);
    for (const url of loaded) {
      expect(url).not.toMatch(/^(https?:)?\/\//);
      const asset = await registry.send(new URL(url, 'http://host/docs').pathname, { method: 'GET' });
      expect({ url, status: asset.status }).toEqual({ url, status: 200 });
    }
  });
});
