import { setTimeout as wait } from 'node:timers/promises';
import { aClient } from './registry.js';

const CALLERS = 8;
/** Faults, not their number, are what is tested: callers leave the processor to other tests. */
const PAUSE_MS = 10;
const PAUSE_AFTER_ERROR_MS = 50;

/** Callers that create clients one after the other, with a pause, and a longer one after an error. */
export class Load {
  readonly acknowledged: string[] = [];
  readonly statuses = new Set<number>();
  private isOver = false;
  private readonly callers: Promise<void>[];

  constructor(
    private readonly url: string,
    private readonly key: string,
  ) {
    this.callers = Array.from({ length: CALLERS }, (_, i) => this.call(i % 2 === 0));
  }

  /** @returns the ids of clients that were acknowledged */
  async stop(): Promise<string[]> {
    this.isOver = true;
    await Promise.all(this.callers);
    return this.acknowledged;
  }

  private async call(isRegistration: boolean): Promise<void> {
    const [path, client, headers] = isRegistration
      ? ['/v2/oauth/register', {}, {}]
      : ['/v2/oauth/clients', aClient(), { authorization: `Bearer ${this.key}` }];
    const request = {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(client),
    };
    while (!this.isOver) {
      const response = await fetch(this.url + path, request);
      const body = (await response.json()) as { client_id?: string; data: { client_id: string } };
      this.statuses.add(response.status);
      if (response.status === 201) this.acknowledged.push(body.client_id ?? body.data.client_id);
      await wait(response.status === 201 ? PAUSE_MS : PAUSE_AFTER_ERROR_MS);
    }
  }
}
