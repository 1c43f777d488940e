import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { AUTHORIZATION_PATH, PUSHED_REQUEST_PATH, TOKEN_PATH } from '../../config/paths.js';
import { isErrorCode, RegistryError } from '../../errors/registry-error.js';
import { encodeKnownParameters, type EngineEndpoint } from './engine-parameters.js';

/** The paths that the library answers. */
export const ENGINE_PATHS = {
  token: TOKEN_PATH,
  authorization: AUTHORIZATION_PATH,
  pushed_authorization_request: PUSHED_REQUEST_PATH,
} as const satisfies Record<EngineEndpoint, string>;

/** A request to the engine. Nothing of the caller's request reaches it but what stands here. */
export interface EngineRequest {
  endpoint: EngineEndpoint;
  /** Those that the engine does not know are ignored. */
  parameters: Iterable<[name: string, value: string]>;
  /** The DPoP header (RFC 9449 §5); undefined: none. */
  dpop?: string | undefined;
}

/** What the engine answered. Nothing is sent yet. */
export interface EngineReply {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** The error of a reply. @param fallback the description, if the engine gives none */
export function engineError({ body }: EngineReply, fallback: string): RegistryError {
  const { error, error_description: description = fallback } = JSON.parse(body) as Partial<
    Record<string, string>
  >;
  return new RegistryError(isErrorCode(error) ? error : 'invalid_request', description);
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** Never connected. The library derives the scheme of its URLs from it. */
const SOCKETS = { 'https:': Object.assign(new Socket(), { encrypted: true }), 'http:': new Socket() };

/**
 * Lets a listener of `node:http` answer a request that did not come by a connection. So the reply passes through the hooks of the server
 * like any other, and can be held back until what it promises is stored.
 */
export function exchange(
  listener: Listener,
  issuer: URL,
  { endpoint, parameters, dpop }: EngineRequest,
): Promise<EngineReply> {
  const path = ENGINE_PATHS[endpoint];
  const encoded = encodeKnownParameters(endpoint, parameters);
  const isQuery = endpoint === 'authorization';
  return new Promise((resolve) => {
    const request = new IncomingMessage(SOCKETS[issuer.protocol as keyof typeof SOCKETS]);
    request.method = isQuery ? 'GET' : 'POST';
    request.url = isQuery ? `${path}?${encoded}` : path;
    // Express's name for what stands in front of the path: the library takes it from there
    Object.assign(request, { baseUrl: issuer.pathname.replace(/\/$/, '') });
    // The library believes the Host header
    request.headers = { host: issuer.host, ...(dpop !== undefined && { dpop }) };
    if (!isQuery) {
      request.headers['content-type'] = 'application/x-www-form-urlencoded';
      request.headers['content-length'] = String(encoded.length);
      request.push(encoded);
    }
    request.push(null);
    listener(request, new HeldBackResponse(request, resolve));
  });
}

class HeldBackResponse extends ServerResponse {
  constructor(
    request: IncomingMessage,
    private readonly done: (reply: EngineReply) => void,
  ) {
    super(request);
  }

  override end(chunk?: unknown): this {
    const headers = Object.entries(this.getHeaders()).map(([name, value]) => [name, String(value)] as const);
    this.done({
      status: this.statusCode,
      headers: Object.fromEntries(headers),
      body: typeof chunk === 'string' || chunk instanceof Buffer ? chunk.toString() : '',
    });
    return this;
  }
}
