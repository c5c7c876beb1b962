import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Ended, ServerProcess } from './server-process.js';
import { backboneOf, entryOf, processNames, split } from './topology.js';

export { nodeBinary } from './server-process.js';

export interface ParleyOptions {
  /** Kept between starts; a fresh one when left out. */
  dataDir?: string;
  env?: Record<string, string>;
  /** What one process alone gets. */
  envOf?: (name: string) => Record<string, string>;
  /** Milliseconds until it must be ready. */
  startWithinMs?: number;
}

export const admin = { email: 'admin@example.org', password: 'correct horse battery' };
export const apiKey = 'pk_e2e_0123456789abcdefghijklmnop';

/** The built product, as one operating-system process or as one a module, on free ports. */
export class Parley {
  private constructor(
    /** Of each process that serves the product over HTTP; more than one while one takes another's place. */
    readonly urls: string[],
    readonly dataDir: string,
    readonly log: string[],
    private readonly processes: Map<string, ServerProcess>,
    private readonly spawn: (name: string, more?: Record<string, string>) => ServerProcess,
  ) {}

  static freshDataDir(): string {
    return mkdtempSync(join(tmpdir(), 'parley-'));
  }

  static async start({ dataDir = Parley.freshDataDir(), env = {}, envOf, startWithinMs = 60_000 }: ParleyOptions = {}) {
    const { PATH = '', HOME = '' } = process.env;
    const { PORT = '0', ...given } = env;
    const common = {
      ...{ PATH, HOME, NODE_ENV: 'production', DATA_DIR: dataDir, LOG_FORMAT: 'json' },
      ...{ AUTH_ADMIN_EMAIL: admin.email, AUTH_ADMIN_PASSWORD: admin.password, AUTH_API_KEY: apiKey },
      ...{ EXPLORE_SOURCES: 'folder', INFERENCE_THREADS: '1' },
      ...(split && (await backboneOf(dataDir)).env),
      ...given,
    };
    const log: string[] = [];
    const edge = processNames[0];
    const start = (name: string, more: Record<string, string> = {}) => {
      const port = name === edge ? PORT : '0';
      return ServerProcess.spawn(
        name,
        entryOf(name),
        dataDir,
        { ...common, ...envOf?.(name), PORT: port, ...more },
        log,
        startWithinMs,
      );
    };
    const processes = new Map(processNames.map((name) => [name as string, start(name)]));
    try {
      const [url = ''] = await Promise.all([...processes.values()].map((process) => process.url));
      if (split) await untilReady(url, startWithinMs, log);
      return new Parley([url], dataDir, log, processes, start);
    } catch (error) {
      for (const process of processes.values()) process.child.kill('SIGKILL');
      throw error;
    }
  }

  /** The process of the local engine, once a model was used. */
  enginePid(): number | undefined {
    const pid = this.process('inference').child.pid;
    const task = `/proc/${pid}/task`;
    const children = readdirSync(task).flatMap((thread) => read(`${task}/${thread}/children`).split(' '));
    return children
      .filter(Boolean)
      .map(Number)
      .find((child) => read(`/proc/${child}/cmdline`).includes('llama-cpp'));
  }

  /** The process that runs a module, or the one that runs all. */
  process(module: string): ServerProcess {
    const found = this.processes.get(module) ?? this.processes.get('parley');
    if (!found) throw new Error(`there is no process ${module}`);
    return found;
  }

  /** Where the product is reached. */
  get url(): string {
    return this.urls.at(-1)!;
  }

  get names(): string[] {
    return [...this.processes.keys()];
  }

  /** Ends every process; the first exit that is not in order, if there is one. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Ended> {
    const ends = await Promise.all([...this.processes.values()].map((process) => process.kill(signal)));
    return ends.find(({ code }) => code !== 0) ?? { code: 0, signal: null };
  }

  /** Ends one process as a crash would, and starts it again under the same address; resolves when it is back. */
  async restart(name: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<Ended> {
    const old = this.process(name);
    const ended = await old.kill(signal);
    const edge: Record<string, string> = name === processNames[0] ? { PORT: new URL(this.url).port } : {};
    const fresh = this.spawn(name, edge);
    this.processes.set(name, fresh);
    await fresh.url;
    return ended;
  }

  /** As in a rolling update: a second process comes, then the first one is told to end. */
  async replace(name: string): Promise<Ended> {
    const old = this.process(name);
    const fresh = this.spawn(name);
    const url = await fresh.url;
    this.processes.set(name, fresh);
    const edge = name === processNames[0];
    if (edge) {
      await untilReady(url, 60_000, this.log);
      this.urls.push(url);
    }
    const ended = await old.kill('SIGTERM');
    if (edge) this.urls.shift();
    return ended;
  }

  /** Ends it in order and removes what it stored. */
  async dispose(): Promise<void> {
    await Promise.all([...this.processes.values()].map(async (process) => process.running && process.kill('SIGTERM')));
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** Of a thread or a process; empty when that ended meanwhile. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Every service that the gateway needs is there. */
async function untilReady(url: string, withinMs: number, log: string[]): Promise<void> {
  for (const end = Date.now() + withinMs; Date.now() < end; await sleep(50)) {
    if ((await fetch(`${url}/readyz`)).ok) return;
  }
  throw new Error(`not ready in time:\n${log.join('\n')}`);
}
