import { Inject, Injectable } from '@nestjs/common';
import { decodeJwt, type JWTPayload } from 'jose';
import { CONFIG, type Config } from '../config/config.js';
import type { ErrorCode } from '../errors/registry-error.js';
import { JwtVerifier } from '../jwt/jwt-verifier.js';
import type { ClientField, ExtendedMetadata } from './policy/client.js';
import { REGISTERED_NAMES } from './policy/rules.js';

/** Why a software statement is not taken (RFC 7591 §3.2.2). */
export interface StatementFault {
  code: Extract<ErrorCode, 'invalid_software_statement' | 'unapproved_software_statement'>;
  /** Completes the sentence "software_statement …". */
  fault: string;
}

/** What became of a software statement. */
export interface StatementReading {
  /** What it says; nothing where it is not taken. */
  claims: JWTPayload;
  /** The statement as it was sent, where it is taken. */
  statement?: string;
  /** Why not, where it is not. */
  fault?: StatementFault;
}

const refused = (code: StatementFault['code'], fault: string) => ({ claims: {}, fault: { code, fault } });
const invalid = (fault: string) => refused('invalid_software_statement', fault);
const unapproved = (fault: string) => refused('unapproved_software_statement', fault);

/** What somebody whom the operator trusts says of a piece of software: a signed JWT of client metadata (RFC 7591 §2.3). */
@Injectable()
export class SoftwareStatementsService {
  private readonly issuers: ReadonlyMap<string, JwtVerifier>;

  constructor(@Inject(CONFIG) private readonly config: Config) {
    this.issuers = new Map(
      config.softwareStatementIssuers.map(({ issuer, jwks }) => [issuer, new JwtVerifier(issuer, jwks)]),
    );
  }

  /** Whether the operator trusts anybody. */
  get areTaken(): boolean {
    return this.issuers.size > 0;
  }

  /**
   * The claims of a statement, or what is wrong with it.
   * @param known the one that the client has already: it was verified when it came first, and may have expired since
   * @throws RegistryError `temporarily_unavailable` where its issuer's keys cannot be had
   */
  async read(statement: unknown, known?: string): Promise<StatementReading> {
    const said = typeof statement === 'string' ? claimsOf(statement) : null;
    if (said === null) return invalid('must be a signed JWT (RFC 7519)');
    if (statement === known) return { claims: said, statement: known };
    if (said.iss === undefined) return invalid('must name its issuer in "iss" (RFC 7591 §2.3)');
    const issuer = this.issuers.get(said.iss);
    if (issuer === undefined) return unapproved('is of an issuer that is not trusted here');
    const claims = await issuer.verify(statement as string);
    if (claims === null) return invalid('has a wrong signature, has expired, or is not valid yet');
    if (!this.isMeantForUs(claims)) {
      return unapproved('is meant for another server: "aud" does not name this one by its PUBLIC_URL');
    }
    return { claims, statement: statement as string };
  }

  /** RFC 7519 §4.1.3: who is not named must not take it. Where nobody is, it is for everybody. */
  private isMeantForUs({ aud }: JWTPayload): boolean {
    const { publicUrl } = this.config;
    return aud === undefined || (publicUrl !== null && [aud].flat().includes(publicUrl));
  }
}

/** What a statement says, without a look at its signature; null where it says nothing. */
export function claimsOf(statement: string): JWTPayload | null {
  try {
    return decodeJwt(statement);
  } catch {
    return null;
  }
}

/** The fields of a client that its software statement speaks of. */
export function attestedFields({ softwareStatement }: ExtendedMetadata): ClientField[] {
  const claims = softwareStatement === undefined ? null : claimsOf(softwareStatement);
  if (claims === null) return [];
  const fields = Object.keys(REGISTERED_NAMES) as ClientField[];
  return fields.filter((field) => Object.hasOwn(claims, REGISTERED_NAMES[field]));
}
