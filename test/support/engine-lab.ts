import { createHash } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import parseRange from 'range-parser';
import { build } from 'vite';

/** What the product's own server sends: the engines must run under it. */
const policy =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self' blob:; img-src data:";

const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

export interface Asset {
  url: string;
  digest: string;
  sizeBytes: number;
  encoding: 'gguf' | 'mediapipe';
}

/**
 * Serves the page of `apps/web/lab`, built as the web client is, and files for it: `/files/<name>` with ranges,
 * `/stalls/<name>` sends the first half and no more, `/breaks/<name>` ends the connection after each third.
 */
export class EngineLab {
  private readonly files = new Map<string, Buffer>();
  private readonly folder = mkdtempSync(join(tmpdir(), 'parley-lab-'));
  private readonly server = createServer((request, response) => this.answer(request, response));
  /** The ranges that were asked for, in order. */
  readonly ranges: string[] = [];

  async start(): Promise<string> {
    await build({
      configFile: false,
      root: join(import.meta.dirname, '../../apps/web/lab'),
      logLevel: 'error',
      build: { outDir: this.folder, emptyOutDir: true, assetsInlineLimit: 0, minify: false, modulePreload: false },
      worker: { format: 'es' },
    });
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://localhost:${(this.server.address() as AddressInfo).port}`;
  }

  add(name: string, bytes: Buffer, encoding: Asset['encoding']): Asset {
    this.files.set(name, bytes);
    const digest = createHash('sha256').update(bytes).digest('hex');
    return { url: `/files/${name}`, digest, sizeBytes: bytes.length, encoding };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const path = new URL(request.url ?? '/', 'http://lab').pathname;
    const [, how = '', name = ''] = path.split('/');
    const bytes = this.files.get(name);
    if (bytes) return this.deliver(how, bytes, request, response);
    const file = join(this.folder, path === '/' ? 'index.html' : path);
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    if (size === undefined || path.includes('..')) return void response.writeHead(404).end();
    const type = types[extname(file)] ?? 'application/octet-stream';
    response.writeHead(200, { 'content-type': type, 'content-length': size, 'content-security-policy': policy });
    return void createReadStream(file).pipe(response);
  }

  private deliver(how: string, bytes: Buffer, request: IncomingMessage, response: ServerResponse): void {
    const { range } = request.headers;
    const ranges = range ? parseRange(bytes.length, range) : undefined;
    const first = Array.isArray(ranges) ? ranges[0] : undefined;
    this.ranges.push(range ?? 'all');
    const part = bytes.subarray(first?.start ?? 0);
    response.writeHead(first ? 206 : 200, {
      'content-type': 'application/octet-stream',
      'content-length': part.length,
      ...(first && { 'content-range': `bytes ${first.start}-${bytes.length - 1}/${bytes.length}` }),
    });
    if (how === 'stalls') return void response.write(part.subarray(0, Math.ceil(bytes.length / 2)));
    if (how === 'breaks' && part.length > bytes.length / 3)
      return void response.write(part.subarray(0, Math.ceil(bytes.length / 3)), () => response.destroy());
    return void response.end(part);
  }
}
