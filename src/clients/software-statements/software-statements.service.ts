import { Inject, Injectable } from '@nestjs/common';
import type { JWTPayload } from 'jose';
import { CONFIG, type Config } from '../../config/variables.js';
import type { ErrorCode } from '../../errors/registry-error.js';
import { JwtVerifier } from '../../jwt/jwt-verifier.js';
import { readJwt } from '../../jwt/read-jwt.js';
import type { ClientMetadataInput, ExtendedMetadata } from '../../policy/client.js';
import { FIELD_NAMES, FIELD_ROWS } from '../../policy/fields.js';
import { classifyMember } from '../../policy/metadata-members.js';
import { isFixed, type Rule } from '../../policy/rules.js';
import { splitScope } from '../../policy/grants/scope.js';
import { withoutTrailingSlashes } from '../../policy/uris/uri.js';

/** Why a software statement is not taken (RFC 7591 §3.2.2). */
export interface StatementFault {
  code: Extract<ErrorCode, 'invalid_software_statement' | 'unapproved_software_statement'>;
  /** Completes the sentence "software_statement …". */
  fault: string;
}

/** What became of a software statement. */
export interface StatementReading {
  /** What it says; nothing if it is not taken. */
  claims: JWTPayload;
  /** The accepted statement, as it was sent. */
  statement?: string;
  /** The error, if it was not accepted. */
  fault?: StatementFault;
}

/** RFC 8725 §3.11: a token that says that it is an access token, or anything else, is not a statement. */
const STATEMENT_TYPE = /^(application\/)?jwt$/i;

const refused = (code: StatementFault['code'], fault: string) => ({ claims: {}, fault: { code, fault } });
const invalid = (fault: string) => refused('invalid_software_statement', fault);
const unapproved = (fault: string) => refused('unapproved_software_statement', fault);

/** Verifies software statements: JWTs of client metadata, signed by a trusted issuer (RFC 7591 §2.3). */
@Injectable()
export class SoftwareStatementsService {
  private readonly issuers: ReadonlyMap<string, JwtVerifier>;

  constructor(@Inject(CONFIG) private readonly config: Config) {
    this.issuers = new Map(
      config.softwareStatementIssuers.map(({ issuer, jwks }) => [issuer, new JwtVerifier(issuer, jwks)]),
    );
  }

  /** Whether the operator trusts anyone. */
  get areTaken(): boolean {
    return this.issuers.size > 0;
  }

  /**
   * The claims of a statement, or what is wrong with it.
   * @param known the one that the client has already: it was verified when it came first, and may have expired since
   * @throws RegistryError `temporarily_unavailable` if its issuer's keys could not be fetched
   */
  async read(statement: unknown, known?: string): Promise<StatementReading> {
    const said = typeof statement === 'string' ? readJwt(statement) : null;
    if (said === null) return invalid('must be a signed JWT (RFC 7519)');
    const text = statement as string;
    const { typ = 'JWT' } = said.header;
    const { iss }: Record<string, unknown> = said.claims;
    if (text === known) return { claims: said.claims, statement: known };
    if (typeof typ !== 'string' || !STATEMENT_TYPE.test(typ)) {
      return invalid('must have the "typ" JWT or none');
    }
    if (typeof iss !== 'string') return invalid('must have a string "iss" (RFC 7591 §2.3)');
    const issuer = this.issuers.get(iss);
    if (issuer === undefined) return unapproved('must be signed by a trusted issuer');
    const claims = await issuer.verify(text);
    // It ends the use of the client, so no clock gets more time
    const isOver = claims?.exp !== undefined && claims.exp * 1000 <= Date.now();
    if (claims === null || isOver) return invalid('has an invalid signature, is expired or is not valid yet');
    const audience = audienceOf(claims);
    if (audience === null) {
      return invalid('must have a string or an array of strings as "aud" (RFC 7519 §4.1.3)');
    }
    if (!this.isMeantForUs(audience)) {
      return unapproved('must contain the PUBLIC_URL of this server in "aud", if "aud" is present');
    }
    return { claims, statement: text };
  }

  /** RFC 7519 §4.1.3: reject a statement whose `aud` does not name this service. Without `aud` it is for all. */
  private isMeantForUs(audience: readonly string[] | undefined): boolean {
    const { publicUrl } = this.config;
    if (audience === undefined) return true;
    return publicUrl !== null && audience.some((url) => withoutTrailingSlashes(url) === publicUrl);
  }
}

/** Undefined if there is none; null if it is of another type. */
function audienceOf({ aud }: Record<string, unknown>): string[] | undefined | null {
  if (aud === undefined) return undefined;
  const audience = [aud].flat();
  return audience.every((entry) => typeof entry === 'string') ? audience : null;
}

/**
 * Keeps other interfaces from changing what the client's software statement says: the next registration request would undo it. A list
 * may lose entries, but for the last one, and get back those that the statement has: some authorization servers allow a client without scopes
 * any scope. A stored statement that cannot be read strictly attests every field.
 */
export function attestedRules({ softwareStatement }: ExtendedMetadata, before: ClientMetadataInput): Rule[] {
  if (softwareStatement === undefined) return [];
  const names = FIELD_NAMES.registration;
  const fields = FIELD_ROWS.map(([field]) => field).filter((field) => isReadSomewhere(names[field]));
  const said = readJwt(softwareStatement);
  if (said === null) {
    return fields.map((field) =>
      isFixed(field, before, 'the stored software statement cannot be verified and may contain it'),
    );
  }
  const { claims } = said;
  const attested = fields.filter((field) => Object.hasOwn(claims, names[field]));
  return attested.map((field) => {
    const claim = claims[names[field]];
    const entries = field === 'scopes' && typeof claim === 'string' ? splitScope(claim) : claim;
    const isKept = Array.isArray(entries)
      ? (value: unknown) =>
          Array.isArray(value) && value.length > 0 && value.every((entry) => entries.includes(entry))
      : undefined;
    return isFixed(field, before, 'the software statement of the client contains it', isKept);
  });
}

/** Claims that no profile reads are not attested by being there. */
const isReadSomewhere = (claim: string) => classifyMember(claim, 'registered') === 'accepted';
