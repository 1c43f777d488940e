import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  traceState?: string;
  name: string;
  kind: number;
  attributes: Record<string, string | number>;
  status: number;
}

interface OtlpAttribute {
  key: string;
  value: { stringValue?: string; intValue?: number };
}
interface OtlpSpan extends Omit<ReceivedSpan, 'attributes' | 'status'> {
  attributes: OtlpAttribute[];
  status: { code: number };
}
interface OtlpRequest {
  resourceSpans: { resource: { attributes: OtlpAttribute[] }; scopeSpans: { spans: OtlpSpan[] }[] }[];
}

/** An OpenTelemetry collector as far as this service sees one: it takes traces by OTLP over HTTP, as JSON. */
export class Collector {
  /** All that was received, as it came. */
  text = '';
  spans: ReceivedSpan[] = [];
  resource: Record<string, string | number> = {};
  headers: NodeJS.Dict<string | string[]> = {};

  private constructor(
    readonly url: string,
    private readonly server: Server,
  ) {}

  static async start(): Promise<Collector> {
    const server = createServer();
    await new Promise((done) => server.listen(0, '127.0.0.1', () => done(undefined)));
    const collector = new Collector(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, server);
    server.on('request', (request, response) => {
      let body = '';
      request.on('data', (data: Buffer) => (body += data.toString()));
      request.on('end', () => {
        response.statusCode = request.url === '/v1/traces' && request.method === 'POST' ? 200 : 404;
        if (response.statusCode === 200) collector.receive(body, request.headers);
        response.setHeader('content-type', 'application/json').end('{}');
      });
    });
    return collector;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private receive(body: string, headers: NodeJS.Dict<string | string[]>): void {
    this.text += body;
    this.headers = headers;
    const { resourceSpans } = JSON.parse(body) as OtlpRequest;
    for (const { resource, scopeSpans } of resourceSpans) {
      this.resource = plain(resource.attributes);
      for (const { attributes, status, ...span } of scopeSpans.flatMap(({ spans }) => spans)) {
        this.spans.push({ ...span, attributes: plain(attributes), status: status.code });
      }
    }
  }
}

const plain = (attributes: OtlpAttribute[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? '']));
