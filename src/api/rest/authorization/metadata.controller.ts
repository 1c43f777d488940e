import { Controller, Get, Header } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Access } from '../../../auth/principal/access-roles.js';
import { SIGNING_ALGORITHM } from '../../../authorization/engine/signing-algorithm.js';
import { SigningKeys } from '../../../authorization/keys/signing-keys.js';
import { ResourcesService } from '../../../authorization/resources/resources.service.js';
import {
  AUTHORIZATION_PATH,
  DOCS_PATH,
  INTROSPECTION_PATH,
  JWKS_PATH,
  PUSHED_REQUEST_PATH,
  REGISTRATION_PATH,
  REVOCATION_PATH,
  TOKEN_PATH,
} from '../../../config/paths.js';
import { PublicUrl } from '../../../http/responses/public-url.js';
import { ASSERTION_SIGNING_ALGORITHMS, TOKEN_ENDPOINT_AUTH_METHODS } from '../../../policy/client.js';
import { GRANT_TYPES } from '../../../policy/grants/grant-types.js';
import { AuthorizationServerMetadata, JsonWebKeySetView, ProtectedResourceMetadata } from './metadata.dto.js';

/** Verifiers and clients may keep documents for so long. */
const CacheAWhile = () => Header('Cache-Control', 'public, max-age=300');

/** The documents by which software finds its way. They are made of the configuration, never of a request. */
@Controller()
@Access('public')
@ApiTags('OAuth Protocol')
export class MetadataController {
  constructor(
    private readonly publicUrl: PublicUrl,
    private readonly keys: SigningKeys,
    private readonly resources: ResourcesService,
  ) {}

  @Get(['.well-known/oauth-authorization-server', 'v2/.well-known/oauth-authorization-server'])
  @CacheAWhile()
  @ApiOperation({
    operationId: 'GetAuthorizationServerMetadata',
    summary: 'Get the metadata of the authorization server (RFC 8414)',
    security: [],
  })
  @ApiResponse({ status: 200, type: AuthorizationServerMetadata, description: 'The metadata' })
  async authorizationServer(): Promise<AuthorizationServerMetadata> {
    const url = (path: string) => this.publicUrl.of(path);
    const methods = [...TOKEN_ENDPOINT_AUTH_METHODS];
    const algorithms = [...ASSERTION_SIGNING_ALGORITHMS];
    const { definedScopes } = await this.resources.known();
    return {
      issuer: url(''),
      authorization_endpoint: url(AUTHORIZATION_PATH),
      token_endpoint: url(TOKEN_PATH),
      introspection_endpoint: url(INTROSPECTION_PATH),
      revocation_endpoint: url(REVOCATION_PATH),
      pushed_authorization_request_endpoint: url(PUSHED_REQUEST_PATH),
      registration_endpoint: url(`/${REGISTRATION_PATH}`),
      jwks_uri: url(JWKS_PATH),
      service_documentation: url(DOCS_PATH),
      ...scopesSupported(definedScopes),
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: [...GRANT_TYPES],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: methods,
      token_endpoint_auth_signing_alg_values_supported: algorithms,
      introspection_endpoint_auth_methods_supported: methods,
      introspection_endpoint_auth_signing_alg_values_supported: algorithms,
      revocation_endpoint_auth_methods_supported: methods,
      revocation_endpoint_auth_signing_alg_values_supported: algorithms,
      dpop_signing_alg_values_supported: ['ES256', 'Ed25519', 'EdDSA'],
      authorization_response_iss_parameter_supported: true,
    };
  }

  @Get(['.well-known/oauth-protected-resource', 'v2/.well-known/oauth-protected-resource'])
  @CacheAWhile()
  @ApiOperation({
    operationId: 'GetProtectedResourceMetadata',
    summary: 'Get the metadata of this API as a protected resource (RFC 9728)',
    security: [],
  })
  @ApiResponse({ status: 200, type: ProtectedResourceMetadata, description: 'The metadata' })
  async protectedResource(): Promise<ProtectedResourceMetadata> {
    const issuer = this.publicUrl.of('');
    const resources = await this.resources.known();
    return {
      resource: issuer,
      authorization_servers: [issuer],
      ...scopesSupported(resources.scopesOf(issuer)),
      bearer_methods_supported: ['header'],
      resource_documentation: this.publicUrl.of(DOCS_PATH),
    };
  }

  @Get(JWKS_PATH)
  @CacheAWhile()
  @ApiOperation({
    operationId: 'GetOAuthJwks',
    summary: 'Get the keys that verify JWT access tokens (RFC 7517)',
    security: [],
  })
  @ApiResponse({ status: 200, type: JsonWebKeySetView, description: 'The key set' })
  async jwks(): Promise<JsonWebKeySetView> {
    const keys = await this.keys.published();
    return {
      keys: keys.map(({ kid, publicJwk }) => ({ ...publicJwk, kid, alg: SIGNING_ALGORITHM, use: 'sig' })),
    };
  }
}

/** Left out if no resource defines scopes: any scope that a client registered is supported then. */
const scopesSupported = (scopes: string[]) => (scopes.length > 0 ? { scopes_supported: scopes } : {});
