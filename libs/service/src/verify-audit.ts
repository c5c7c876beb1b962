import { existsSync } from 'node:fs';
import { type Head, type Verdict, verifyDatabase, verifyExport } from '@app/audit';
import { ConfigError, loadConfig } from '@app/config';
import { DomainError } from '@app/kernel';
import { Database } from '@app/persistence';

const USAGE = 'Usage: --verify-audit [export.ndjson] [--head <position>:<seal>]\n';

/**
 * Recomputes the hash chain of the audit: that of the database, or that of an exported file, for which nothing else is
 * needed. Exit code 0: it holds. 1: it does not, and the first broken position is named. 2: it could not be looked at.
 */
export async function verifyAudit(args: readonly string[], env = process.env): Promise<void> {
  const asked = parse(args);
  if (!asked) {
    process.stderr.write(USAGE);
    process.exitCode = 2;
    return;
  }
  try {
    const verdict = asked.file ? await verifyExport(asked.file, asked) : await overDatabase(asked, env);
    process.stdout.write(sentenceOf(verdict));
    if (!verdict.ok) process.exitCode = 1;
  } catch (error) {
    if (!(error instanceof DomainError || error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}

interface Asked {
  file?: string;
  expected?: Head;
}

function parse(args: readonly string[]): Asked | null {
  const rest = [...args];
  const asked: Asked = {};
  while (rest.length > 0) {
    const arg = rest.shift()!;
    if (arg === '--head') {
      const [, position, seal] = /^(\d{1,19}):([0-9a-f]{64})$/.exec(rest.shift() ?? '') ?? [];
      if (!position || !seal) return null;
      asked.expected = { position, seal };
    } else if (!asked.file && existsSync(arg)) asked.file = arg;
    else return null;
  }
  return asked;
}

async function overDatabase(asked: Asked, env: NodeJS.ProcessEnv): Promise<Verdict> {
  const db = await Database.connect(loadConfig(env).database.url);
  try {
    return await verifyDatabase(db, asked);
  } finally {
    await db.close();
  }
}

function sentenceOf(verdict: Verdict): string {
  if (!verdict.ok) {
    return `BROKEN at position ${verdict.position}, after ${verdict.events} good events: ${verdict.problem}\n`;
  }
  if (!verdict.head) return 'Nothing is sealed yet.\n';
  const { position, seal } = verdict.head;
  return `OK: ${verdict.events} events. Keep this head elsewhere: --head ${position}:${seal}\n`;
}
