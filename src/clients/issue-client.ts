import { v7 as uuidv7 } from 'uuid';
import { generateSecret } from '../secrets/secret.js';
import type { Client, IssuedClient, IssuedSecret, Origin } from './client.js';
import type { ClientProfile, ClientType } from './policy/client.js';

/** Makes a new client of a profile, with a secret where it can keep one. */
export function issueClient(profile: ClientProfile, origin: Origin): IssuedClient {
  const id = uuidv7();
  const now = new Date();
  const client: Client = {
    ...profile,
    ...origin,
    id,
    name: profile.name ?? id,
    status: 'active',
    verified: false,
    version: 1,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
  };
  return { client, secret: secretFor(client.type) };
}

/** The client as a new profile leaves it. */
export function changeProfile(client: Client, profile: ClientProfile): Client {
  return changeClient(client, { ...profile, name: profile.name ?? client.id });
}

/** The client as a change leaves it. */
export function changeClient(client: Client, change: Partial<Client>): Client {
  return {
    ...client,
    ...change,
    version: client.version + 1,
    updatedAt: new Date(Math.max(Date.now(), client.updatedAt.getTime() + 1)),
  };
}

/** A public client cannot keep a secret (RFC 6749 §2.1). */
export function secretFor(type: ClientType): IssuedSecret | null {
  return type === 'confidential' ? { value: generateSecret(), expiresAt: null } : null;
}
