import { readExport, type ReadExport } from './export-file.js';
import type { Sql } from './sql.js';
import { storedChain } from './stored-chain.js';
import { type Head, type Verdict, verifyChain, type VerifyOptions } from './verify.js';

/** Verifies what the database holds. */
export const verifyDatabase = (sql: Sql, options: Omit<VerifyOptions, 'hidden'> = {}): Promise<Verdict> =>
  verifyChain(storedChain(sql), options);

/** Verifies an exported file; nothing else is needed. */
export const verifyExport = (path: string, options: Omit<VerifyOptions, 'hidden'> = {}): Promise<Verdict> =>
  verifyRead(readExport(path), options);

/** The events of an export, and that its last line is theirs. */
export async function verifyRead({ links, end }: ReadExport, options: VerifyOptions = {}): Promise<Verdict> {
  const verdict = await verifyChain(links, { ...options, hidden: true });
  if (!verdict.ok) return verdict;
  const said = end();
  if (said?.events === verdict.events && same(said.head, verdict.head)) return verdict;
  const position = said?.head?.position ?? verdict.head?.position ?? '0';
  const problem = said
    ? `The export does not end with event ${position}, as its last line says.`
    : `The export breaks off after event ${position}.`;
  return { ok: false, events: verdict.events, position, problem };
}

const same = (a: Head | null, b: Head | null) => a?.position === b?.position && a?.seal === b?.seal;
