import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Inject, Injectable } from '@nestjs/common';
import { exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose';
import { CONFIG, type Config } from '../../config/variables.js';
import { newId } from '../../database/id.js';
import { decrypt, encrypt } from '../../secrets/encryption.js';
import { generateSecret } from '../../secrets/secret.js';
import { SIGNING_ALGORITHM } from '../engine/signing-algorithm.js';
import type { PublicJwk, SigningKey, SigningKeyStatus } from './signing-key.js';
import { SigningKeysRepository } from './signing-keys.repository.js';
import type { SigningKeyEntity } from './signing-key.entity.js';

/** How long a new key is announced before it signs, so that verifiers that cache the set know it. */
const ANNOUNCED_MS = 86_400_000;

/** How long keys are cached: another instance may rotate them. */
const CACHE_MS = 60_000;

/** A key that can sign. */
interface Signer {
  kid: string;
  key: CryptoKey;
}

/** The ES256 keys that sign access tokens: made when they are first needed, and the same on all instances. */
@Injectable()
export class SigningKeys {
  private cached: { keys: Promise<SigningKeyEntity[]>; untilMs: number } | undefined;
  private signer: { kid: string; signer: Promise<Signer> } | undefined;
  private readonly secret: string | null;

  constructor(
    private readonly repository: SigningKeysRepository,
    @Inject(CONFIG) { signingKeySecret, database }: Pick<Config, 'signingKeySecret' | 'database'>,
  ) {
    this.secret =
      signingKeySecret ?? (database.engine === 'sqlite' ? keyFile(`${database.path}.signing-secret`) : null);
  }

  /** Whether private keys can be stored; without, there are no JWT access tokens. */
  get isAvailable(): boolean {
    return this.secret !== null;
  }

  /** The keys of the JWK Set: the next, the current, and retired ones whose tokens may still be valid. */
  async list(): Promise<(SigningKey & { status: SigningKeyStatus })[]> {
    if (this.secret === null) return [];
    const keys = await this.keys();
    const current = currentOf(keys);
    return keys.map((key) => ({
      kid: key.kid,
      publicJwk: key.publicJwk,
      createdAt: key.createdAt,
      activeFrom: key.activeFrom,
      status: key === current ? 'current' : key.number > current.number ? 'next' : 'retired',
    }));
  }

  /** The key that signs now. */
  async current(): Promise<Signer> {
    const key = currentOf(await this.keys());
    if (this.signer?.kid !== key.kid) this.signer = { kid: key.kid, signer: this.open(key) };
    return this.signer.signer;
  }

  /** Creates the next key if the newest was created before `limit`. It signs after a day, when verifiers have fetched it. */
  async rotateIfOlder(limit: Date): Promise<boolean> {
    const [newest] = await this.repository.list();
    if (newest === undefined || newest.createdAt > limit) return false;
    await this.make(newest.number + 1, new Date(Date.now() + ANNOUNCED_MS));
    this.cached = undefined;
    return true;
  }

  private keys(): Promise<SigningKeyEntity[]> {
    if (this.cached === undefined || this.cached.untilMs < performance.now()) {
      const keys = this.load();
      this.cached = { keys, untilMs: performance.now() + CACHE_MS };
      keys.catch(() => (this.cached = undefined));
    }
    return this.cached.keys;
  }

  private async load(): Promise<SigningKeyEntity[]> {
    const keys = await this.repository.list();
    if (keys.length > 0) return keys;
    await this.make(1, new Date());
    return this.repository.list();
  }

  private async make(number: number, activeFrom: Date): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true });
    const kid = newId();
    const { kty, crv, x, y } = (await exportJWK(publicKey)) as JWK & PublicJwk;
    await this.repository.insert({
      number,
      kid,
      publicJwk: { kty, crv, x, y },
      privateKey: encrypt(this.secret!, kid, JSON.stringify(await exportJWK(privateKey))),
      createdAt: new Date(),
      activeFrom,
    });
  }

  private async open({ kid, privateKey }: SigningKeyEntity): Promise<Signer> {
    const jwk = JSON.parse(decrypt(this.secret!, kid, privateKey)) as JWK;
    return { kid, key: (await importJWK(jwk, SIGNING_ALGORITHM)) as CryptoKey };
  }
}

/** The newest that is active; the oldest where none is yet. */
function currentOf(keys: readonly SigningKeyEntity[]): SigningKeyEntity {
  const now = Date.now();
  return keys.find(({ activeFrom }) => activeFrom.getTime() <= now) ?? keys.at(-1)!;
}

/** Reads the secret from a file that only its owner can read. Creates the file if it does not exist. */
function keyFile(path: string): string {
  if (!existsSync(path)) {
    try {
      writeFileSync(path, generateSecret(), { mode: 0o600, flag: 'wx' });
    } catch (error) {
      // Another process was faster
      if (!existsSync(path)) throw error;
    }
  }
  return readFileSync(path, 'utf8');
}
