import { isLoopback } from '../policy/uris/uri.js';
import { plainUrl, scopes, type Value } from './values.js';

/** An OpenID provider. Its answers are trusted, so they must not come by http over a network. */
export const openidIssuer: Value<string> = {
  takes: 'the https URL of an OpenID provider, or an http URL of the loopback interface',
  read: (raw) => {
    const url = plainUrl('').read(raw);
    return url === undefined || url.startsWith('https:') || isLoopback(new URL(url)) ? url : undefined;
  },
};

/** The scopes of a sign-in (OpenID Connect Core §3.1.2.1), as they are sent. */
export const openidScope: Value<string> = {
  takes: 'scope tokens separated by spaces or commas, openid among them',
  read: (raw) => {
    const tokens = scopes.read(raw);
    return tokens?.includes('openid') ? tokens.join(' ') : undefined;
  },
};
