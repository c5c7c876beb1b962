import { type AuditedEvent, GENESIS, type Link, sealOf } from './chain.js';
import { STREAMS_ERASED } from './erasure.js';

/** A place of the chain that was once known to be right: keep it somewhere else. */
export interface Head {
  position: string;
  seal: string;
}

export type Verdict =
  | { ok: true; events: number; head: Head | null }
  | {
      ok: false;
      /** Events that were right before it. */
      events: number;
      /** The first position at which the chain does not hold. */
      position: string;
      /** One sentence for a person. */
      problem: string;
    };

export interface VerifyOptions {
  /** Must be on the chain. Without it nobody can tell that its end was cut off, seals and all. */
  expected?: Head;
  /** Whether texts may be hidden behind their commitment, as in exports. */
  hidden?: boolean;
  onProgress?: (events: number, position: string) => void;
  signal?: AbortSignal;
}

/** Recomputes the chain, in order of position, up to the first breach. */
export async function verifyChain(
  links: AsyncIterable<Link> | Iterable<Link>,
  { expected, hidden = false, onProgress, signal }: VerifyOptions = {},
): Promise<Verdict> {
  let head: Head | null = null;
  let events = 0;
  let found = !expected;
  const erasures = new Erasures();
  const broken = (position: string, problem: string): Verdict => ({ ok: false, events, position, problem });
  for await (const { position, event, seal } of links) {
    signal?.throwIfAborted();
    if (head && BigInt(position) <= BigInt(head.position)) {
      return broken(position, `Event ${position} comes after ${head.position}: the order was changed.`);
    }
    if (expected && !found && BigInt(position) > BigInt(expected.position)) {
      return broken(expected.position, `Event ${expected.position}, which was sealed once, is gone.`);
    }
    const problem = problemOf(position, event, seal, head?.seal ?? GENESIS, hidden);
    if (problem) return broken(position, problem);
    erasures.see(event!);
    head = { position, seal: seal! };
    events += 1;
    if (expected?.position === position) {
      if (expected.seal !== seal) return broken(position, `Up to event ${position} the chain is not the one expected.`);
      found = true;
    }
    onProgress?.(events, position);
  }
  if (!found)
    return broken(expected!.position, `The chain ends before event ${expected!.position}, which was sealed once.`);
  const silent = erasures.unsaid();
  if (silent) return broken(silent, `Texts of event ${silent} were erased, and nothing in the chain says so.`);
  return { ok: true, events, head };
}

/** Erased texts are no breach when a sealed event says that their stream was erased. */
class Erasures {
  private readonly first = new Map<string, string>();
  private readonly said = new Set<string>();

  see({ position, stream, type, data, erased }: AuditedEvent): void {
    if (erased && !this.first.has(stream)) this.first.set(stream, position);
    if (type !== STREAMS_ERASED) return;
    for (const one of (data as { streams?: unknown[] }).streams ?? []) if (typeof one === 'string') this.said.add(one);
  }

  /** Position of the first erased event whose stream nobody said to have erased. */
  unsaid(): string | undefined {
    return [...this.first].find(([stream]) => !this.said.has(stream))?.[1];
  }
}

function problemOf(
  position: string,
  event: AuditedEvent | null,
  seal: string | null,
  previous: string,
  hidden: boolean,
): string | null {
  if (!event) return `Event ${position} was sealed and is gone.`;
  if (!seal) return `Event ${position} has no seal: it was put in later.`;
  if (event.position !== position || sealOf(previous, event, hidden) !== seal) {
    return `Event ${position}, or what was before it, is not what was sealed.`;
  }
  return null;
}
