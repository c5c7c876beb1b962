import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { protoFields } from './proto-reader.js';

export interface CollectedSpan {
  /** `service.name` of the process that made it. */
  service: string;
  traceId: string;
  spanId: string;
  /** Empty for the first one of a trace. */
  parentSpanId: string;
  traceState: string;
  name: string;
  kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  attributes: Record<string, unknown>;
  failed: boolean;
  /** Milliseconds since 1970. */
  startedAt: number;
  endedAt: number;
  resource: Record<string, unknown>;
}

export interface TraceCollector {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  url: string;
  spans: CollectedSpan[];
  requests: { path: string; headers: IncomingHttpHeaders }[];
  /** The status of what comes next. */
  answer(status: number): void;
  close(): Promise<void>;
}

/** A real OTLP/HTTP receiver on loopback, for traces in protobuf; it keeps what it gets. */
export async function startTraceCollector(port = 0): Promise<TraceCollector> {
  const spans: CollectedSpan[] = [];
  const requests: TraceCollector['requests'] = [];
  let status = 200;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      requests.push({ path: request.url ?? '', headers: request.headers });
      const body = Buffer.concat(parts);
      if (status === 200)
        spans.push(...spansIn(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body));
      response.writeHead(status, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ spans, requests },
    answer: (next) => (status = next),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const KINDS = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const FAILED = 2;

/** `ExportTraceServiceRequest` of opentelemetry-proto. */
function spansIn(request: Uint8Array): CollectedSpan[] {
  return messages(request, 1).flatMap((ofResource) => {
    const resource = Object.assign({}, ...messages(ofResource, 1).map((one) => attributesIn(one, 1))) as Attributes;
    const scopes = messages(ofResource, 2);
    return scopes.flatMap((scope) => messages(scope, 2).map((span) => spanOf(span, resource)));
  });
}

type Attributes = Record<string, unknown>;

function spanOf(span: Uint8Array, resource: Attributes): CollectedSpan {
  const status = messages(span, 15)[0];
  return {
    service: String(resource['service.name']),
    traceId: hex(span, 1),
    spanId: hex(span, 2),
    traceState: text(messages(span, 3)[0]),
    parentSpanId: hex(span, 4),
    name: text(messages(span, 5)[0]),
    kind: KINDS[Number(first(span, 6) ?? 0n)] ?? 'internal',
    startedAt: time(first(span, 7)),
    endedAt: time(first(span, 8)),
    attributes: attributesIn(span, 9),
    failed: status !== undefined && Number(first(status, 3) ?? 0n) === FAILED,
    resource,
  };
}

const attributesIn = (bytes: Uint8Array, number: number): Attributes =>
  Object.fromEntries(
    messages(bytes, number).map((pair) => [text(messages(pair, 1)[0]), valueOf(messages(pair, 2)[0] ?? EMPTY)]),
  );

/** `AnyValue`: a text, a truth, a whole number, a number, or a list of them. */
function valueOf(any: Uint8Array): unknown {
  const [field] = protoFields(any);
  if (!field) return undefined;
  const { number, value } = field;
  if (number === 2) return value === 1n;
  if (number === 3) return Number(BigInt.asIntN(64, value as bigint));
  const bytes = value as Uint8Array;
  if (number === 4) return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0, true);
  return number === 5 ? messages(bytes, 1).map(valueOf) : text(bytes);
}

const EMPTY = new Uint8Array();
const first = (bytes: Uint8Array, number: number) =>
  [...protoFields(bytes)].find((field) => field.number === number)?.value;
const messages = (bytes: Uint8Array, number: number): Uint8Array[] =>
  [...protoFields(bytes)].flatMap((field) =>
    field.number === number && typeof field.value !== 'bigint' ? [field.value] : [],
  );
const hex = (bytes: Uint8Array, number: number) => Buffer.from(messages(bytes, number)[0] ?? EMPTY).toString('hex');
const text = (bytes: Uint8Array = EMPTY) => Buffer.from(bytes).toString('utf8');
const time = (value: bigint | Uint8Array | undefined) =>
  value instanceof Uint8Array ? Number(Buffer.from(value).readBigUInt64LE() / 1_000n) / 1_000 : 0;
