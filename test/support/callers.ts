import { aClient } from './registry.js';

/** What a caller received about the client that it created. */
export interface Acknowledgement {
  status: number;
  id: string;
  /** The whole reply. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

/** Creates clients, one after the other, until the connection breaks. */
export async function callUntilItDies(
  url: string,
  key: string,
  isRegistration: boolean,
  acknowledge: (acknowledgement: Acknowledgement) => void,
): Promise<void> {
  const [path, sent] = isRegistration
    ? ['/v2/oauth/register', { client_name: 'n' }]
    : ['/v2/oauth/clients', aClient()];
  const headers = {
    'content-type': 'application/json',
    ...(!isRegistration && { authorization: `Bearer ${key}` }),
  };
  for (;;) {
    try {
      const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(sent) });
      const body = (await response.json()) as Acknowledgement['body'];
      acknowledge({
        status: response.status,
        id: isRegistration ? body.client_id : body.data.client_id,
        body,
      });
    } catch {
      return;
    }
  }
}
