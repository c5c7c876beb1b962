import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '../..');
/** The product runs on the Node that it is installed with, whatever runs the tests. */
export const nodeBinary = join(root, 'node_modules/.bin/node');

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** One operating-system process of the built product. */
export class ServerProcess {
  private constructor(
    readonly name: string,
    readonly child: ChildProcess,
    readonly exited: Promise<Ended>,
    /** Resolves with its address when it takes requests. */
    readonly url: Promise<string>,
  ) {}

  /** @param log gets every line that it writes */
  static spawn(name: string, entry: string, cwd: string, env: Record<string, string>, log: string[], withinMs: number) {
    const child = spawn(nodeBinary, [join(root, entry)], { cwd, stdio: ['ignore', 'pipe', 'pipe'], env });
    const exited = new Promise<Ended>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
    createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
    const url = new Promise<string>((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`${name} is not listening in time:\n${log.join('\n')}`)),
        withinMs,
      );
      void exited.then(({ code }) => reject(new Error(`${name} ended with ${code}:\n${log.join('\n')}`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        log.push(line);
        const found = /"url":"(http:\/\/[^"]+)"/.exec(line)?.[1];
        if (found) {
          clearTimeout(late);
          resolve(found);
        }
      });
    });
    url.catch(() => undefined);
    return new ServerProcess(name, child, exited, url);
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  kill(signal: NodeJS.Signals): Promise<Ended> {
    this.child.kill(signal);
    return this.exited;
  }
}
