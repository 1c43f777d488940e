import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { STRINGS } from '../../documentation/openapi-schemas.js';

/** RFC 8414 §2. */
@ApiSchema({ name: 'OAuthAuthorizationServerMetadata' })
export class AuthorizationServerMetadata {
  @ApiProperty({ description: 'PUBLIC_URL' })
  issuer!: string;

  @ApiProperty()
  authorization_endpoint!: string;

  @ApiProperty()
  token_endpoint!: string;

  @ApiProperty()
  introspection_endpoint!: string;

  @ApiProperty()
  revocation_endpoint!: string;

  @ApiProperty({ description: 'RFC 9126 §5' })
  pushed_authorization_request_endpoint!: string;

  @ApiProperty()
  registration_endpoint!: string;

  @ApiProperty()
  jwks_uri!: string;

  @ApiProperty()
  service_documentation!: string;

  @ApiProperty({ ...STRINGS, required: false, description: 'Left out if no resource defines scopes' })
  scopes_supported?: string[];

  @ApiProperty(STRINGS)
  response_types_supported!: string[];

  @ApiProperty(STRINGS)
  response_modes_supported!: string[];

  @ApiProperty(STRINGS)
  grant_types_supported!: string[];

  @ApiProperty(STRINGS)
  code_challenge_methods_supported!: string[];

  @ApiProperty(STRINGS)
  token_endpoint_auth_methods_supported!: string[];

  @ApiProperty(STRINGS)
  token_endpoint_auth_signing_alg_values_supported!: string[];

  @ApiProperty(STRINGS)
  introspection_endpoint_auth_methods_supported!: string[];

  @ApiProperty(STRINGS)
  introspection_endpoint_auth_signing_alg_values_supported!: string[];

  @ApiProperty(STRINGS)
  revocation_endpoint_auth_methods_supported!: string[];

  @ApiProperty(STRINGS)
  revocation_endpoint_auth_signing_alg_values_supported!: string[];

  @ApiProperty(STRINGS)
  dpop_signing_alg_values_supported!: string[];

  @ApiProperty({ description: 'RFC 9207' })
  authorization_response_iss_parameter_supported!: boolean;
}

/** RFC 9728 §2. */
@ApiSchema({ name: 'OAuthProtectedResourceMetadata' })
export class ProtectedResourceMetadata {
  @ApiProperty()
  resource!: string;

  @ApiProperty(STRINGS)
  authorization_servers!: string[];

  @ApiProperty({ ...STRINGS, required: false, description: 'Left out if no resource defines scopes' })
  scopes_supported?: string[];

  @ApiProperty(STRINGS)
  bearer_methods_supported!: string[];

  @ApiProperty()
  resource_documentation!: string;
}

/** A public key (RFC 7517 §4, RFC 7518 §6.2). */
@ApiSchema({ name: 'OAuthJsonWebKey' })
export class JsonWebKeyView {
  @ApiProperty()
  kty!: string;

  @ApiProperty()
  kid!: string;

  @ApiProperty()
  use!: string;

  @ApiProperty()
  alg!: string;

  @ApiProperty()
  crv!: string;

  @ApiProperty()
  x!: string;

  @ApiProperty()
  y!: string;
}

/** RFC 7517 §5. */
@ApiSchema({ name: 'OAuthJsonWebKeySet' })
export class JsonWebKeySetView {
  @ApiProperty({ type: [JsonWebKeyView] })
  keys!: JsonWebKeyView[];
}
