import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose';
import { type RequestContext, SYSTEM } from '../../audit/audit-event.js';
import { canSignTokens, CONFIG, type Config, isAuthorizationServerOn } from '../../config/variables.js';
import { CachedRead } from '../../database/cached-read.js';
import { newId } from '../../database/id.js';
import { RegistryError } from '../../errors/registry-error.js';
import { ACCESS_TOKEN_LIFETIME } from '../../policy/token-lifetimes.js';
import { decrypt, encrypt } from '../../secrets/encryption.js';
import { SIGNING_ALGORITHM } from '../engine/signing-algorithm.js';
import { createSecretFile, readSecretFile } from './secret-file.js';
import type { PublicJwk, PublishedKey, SigningKey } from './signing-key.js';
import { SigningKeysRepository } from './signing-keys.repository.js';
import type { SigningKeyEntity } from './signing-key.entity.js';

/** How long a new key is announced before it signs, so that verifiers that cache the set know it. */
const ANNOUNCED_MS = 86_400_000;

/** How long keys are cached: another instance may rotate them. */
const CACHE_MS = 5_000;

/** A key that can sign. */
interface Signer {
  kid: string;
  key: CryptoKey;
}

/** The ES256 keys that sign access tokens: made when they are first needed, and the same on all instances. */
@Injectable()
export class SigningKeys implements OnModuleInit {
  private readonly cache = new CachedRead(() => this.load(), CACHE_MS);
  private signer: { kid: string; signer: Promise<Signer> } | undefined;
  private secretOfFile: string | undefined;

  constructor(
    private readonly repository: SigningKeysRepository,
    @Inject(CONFIG)
    private readonly config: Pick<
      Config,
      'signingKeySecret' | 'database' | 'authorizationServer' | 'production'
    >,
  ) {}

  /** @throws Error at the start, rather than at each request, if the stored keys were encrypted with another secret */
  async onModuleInit(): Promise<void> {
    if (!this.isAvailable || !isAuthorizationServerOn(this.config)) return;
    const [newest] = await this.repository.list();
    if (newest !== undefined) await this.open(newest);
  }

  /** Whether private keys can be stored; without, there are no JWT access tokens. */
  get isAvailable(): boolean {
    return canSignTokens(this.config);
  }

  /** The keys of the JWK Set: the next, the current, and retired ones whose tokens may still be valid. Creates the first one. */
  async published(): Promise<PublishedKey[]> {
    return this.isAvailable ? toPublished(await this.cache.get()) : [];
  }

  /** The same as it is stored now, for operators. */
  async list(): Promise<PublishedKey[]> {
    return toPublished(await this.repository.list());
  }

  /** The key that signs now. */
  async current(): Promise<Signer> {
    const key = currentOf(await this.cache.get());
    if (this.signer?.kid !== key.kid) this.signer = { kid: key.kid, signer: this.open(key) };
    return this.signer.signer;
  }

  /** Creates the next key if the newest was created before `limit`, unless that one does not sign yet. */
  async rotateIfOlder(limit: Date): Promise<boolean> {
    const [newest] = await this.repository.list();
    if (newest === undefined || newest.createdAt > limit || isAnnounced(newest)) return false;
    return (await this.make(newest.number + 1, announced(), false, SYSTEM)) !== null;
  }

  /**
   * Creates the next key. It signs after a day, when verifiers have fetched it.
   * @param revokesOthers it signs at once, and all others are removed: their tokens end, here and on other instances within {@link CACHE_MS}
   * @throws RegistryError `validation_error` if the next key is announced already, or keys cannot be stored
   */
  async rotate(revokesOthers: boolean, context: RequestContext): Promise<PublishedKey> {
    if (!this.isAvailable) {
      throw new RegistryError('validation_error', 'Keys cannot be stored. Set SIGNING_KEY_SECRET first.');
    }
    const [newest] = await this.repository.list();
    if (newest !== undefined && isAnnounced(newest) && !revokesOthers) {
      const from = newest.activeFrom.toISOString();
      throw new RegistryError(
        'validation_error',
        `The next key is announced already, and signs from ${from}.`,
      );
    }
    // Otherwise it would be the only one that the service can read
    if (newest !== undefined && !revokesOthers) await this.open(newest);
    const isFirst = newest === undefined;
    const activeFrom = isFirst || revokesOthers ? new Date() : announced();
    const key = await this.make((newest?.number ?? 0) + 1, activeFrom, revokesOthers, context);
    if (key === null) {
      throw new RegistryError('validation_error', 'Another instance has just rotated the keys.');
    }
    return { ...toKey(key), status: activeFrom > new Date() ? 'next' : 'current' };
  }

  /** Read when it is needed: a service that signs nothing creates no file. */
  private secret(use: 'encrypt' | 'decrypt'): string {
    const { signingKeySecret, database } = this.config;
    if (signingKeySecret !== null) return signingKeySecret;
    if (database.engine !== 'sqlite') throw new Error('SIGNING_KEY_SECRET is not set.');
    const path = `${database.path}.signing-secret`;
    if (use === 'encrypt') createSecretFile(path);
    this.secretOfFile ??= readSecretFile(path);
    return this.secretOfFile;
  }

  private async load(): Promise<SigningKeyEntity[]> {
    const keys = await this.repository.list();
    if (keys.length > 0) return keys;
    await this.make(1, new Date(), false, SYSTEM);
    return this.repository.list();
  }

  /** Null: another instance was faster. */
  private async make(
    number: number,
    activeFrom: Date,
    revokesOthers: boolean,
    context: RequestContext,
  ): Promise<SigningKeyEntity | null> {
    const { publicKey, privateKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true });
    const kid = newId();
    const { kty, crv, x, y } = (await exportJWK(publicKey)) as JWK & PublicJwk;
    const key = {
      number,
      kid,
      publicJwk: { kty, crv, x, y },
      privateKey: encrypt(this.secret('encrypt'), kid, JSON.stringify(await exportJWK(privateKey))),
      createdAt: new Date(),
      activeFrom,
    };
    const isStored = await this.repository.insert(key, revokesOthers, context);
    this.cache.clear();
    return isStored ? key : null;
  }

  private async open({ kid, privateKey }: SigningKeyEntity): Promise<Signer> {
    const jwk = JSON.parse(this.decrypt(kid, privateKey)) as JWK;
    return { kid, key: (await importJWK(jwk, SIGNING_ALGORITHM)) as CryptoKey };
  }

  private decrypt(kid: string, privateKey: string): string {
    try {
      return decrypt(this.secret('decrypt'), kid, privateKey);
    } catch (cause) {
      const { message } = cause as Error;
      throw new Error(
        `The signing key ${kid} cannot be decrypted (${message}). It was encrypted with another SIGNING_KEY_SECRET or file .signing-secret: ` +
          'restore that, or run "signing-key rotate --revoke-others", which ends the JWTs that were signed with it.',
        { cause },
      );
    }
  }
}

const toKey = ({ kid, publicJwk, createdAt, activeFrom }: SigningKeyEntity): SigningKey => ({
  kid,
  publicJwk,
  createdAt,
  activeFrom,
});

/** Without keys that were replaced so long ago that all of their tokens have expired. */
function toPublished(keys: readonly SigningKeyEntity[]): PublishedKey[] {
  if (keys.length === 0) return [];
  const current = currentOf(keys);
  const limit = Date.now() - ACCESS_TOKEN_LIFETIME.max * 1000;
  return keys
    .filter((_, i) => i === 0 || keys[i - 1]!.activeFrom.getTime() > limit)
    .map((key) => ({
      ...toKey(key),
      status: key === current ? 'current' : key.number > current.number ? 'next' : 'retired',
    }));
}

const announced = () => new Date(Date.now() + ANNOUNCED_MS);

const isAnnounced = ({ activeFrom }: SigningKeyEntity) => activeFrom.getTime() > Date.now();

/** The newest that is active; the oldest where none is yet. */
function currentOf(keys: readonly SigningKeyEntity[]): SigningKeyEntity {
  const now = Date.now();
  return keys.find(({ activeFrom }) => activeFrom.getTime() <= now) ?? keys.at(-1)!;
}
