import { type MemoryFacts, planContext } from '@app/gguf';
import type { FitView } from '../contracts/index.js';

/** What the machine of the engine has, as `inference.get-capacity.v1` says. */
export interface Machine {
  memoryTotalBytes: number;
  memoryFreeBytes: number;
  memoryBudgetBytes: number;
  parallel: number;
  contextTokens: number;
}

export interface Judged {
  sizeBytes: number;
  /** null: the header could not be read, and `why` says the reason. */
  facts: MemoryFacts | null;
  /** The facts are of this very file. */
  exact: boolean;
  why?: string;
  /** The quantization that was taken for granted, where none is chosen yet. */
  as?: string;
}

export interface Disk {
  needBytes: number;
  freeBytes: number;
}

/** Of the memory that may be used: more than this part of it leaves little for anything else. */
const TIGHT = 0.9;

/** Memory that models may use there. */
export const usableBytes = (machine: Machine): number => Math.min(machine.memoryBudgetBytes, machine.memoryTotalBytes);

/** Judges as the engine will: what it refuses is too large, what it would cut is tight. */
export function judge({ sizeBytes, facts, exact, why, as }: Judged, machine: Machine | null, disk: Disk): FitView {
  const have = machine && usableBytes(machine);
  const view: FitView = {
    verdict: 'unknown',
    needBytes: null,
    haveBytes: have,
    diskNeedBytes: disk.needBytes,
    diskFreeBytes: disk.freeBytes,
    contextLength: null,
    explains: why ?? 'The header of the file is not known.',
    parts: {
      weightsBytes: sizeBytes,
      kvBytesPerToken: null,
      computeBytes: null,
      sequences: machine?.parallel ?? null,
      modelContextLength: null,
      exact: false,
    },
  };
  const noRoom = disk.needBytes > disk.freeBytes;
  const full = `It needs ${size(disk.needBytes)} on the disk, where ${size(disk.freeBytes)} are free.`;
  if (!facts) {
    // The weights alone say enough when they are more than there is.
    if (noRoom) return { ...view, verdict: 'too-large', explains: full };
    if (have === null || sizeBytes <= have) return view;
    const explains = `Its weights alone need ${size(sizeBytes)} of memory; models may use ${size(have)}.`;
    return { ...view, verdict: 'too-large', needBytes: sizeBytes, explains };
  }
  const sequences = machine?.parallel ?? 1;
  const contextTokens = machine?.contextTokens ?? facts.contextLength;
  const plan = planContext(facts, { sequences, contextTokens, memoryBytes: have ?? Number.MAX_SAFE_INTEGER });
  const known: FitView = {
    ...view,
    needBytes: plan.memory.total,
    contextLength: plan.contextTokens,
    parts: {
      ...view.parts,
      weightsBytes: plan.memory.weights,
      kvBytesPerToken: facts.cacheBytesPerToken,
      computeBytes: plan.memory.compute,
      modelContextLength: facts.contextLength,
      exact,
    },
  };
  const it = as ? `As ${as} it` : 'It';
  const needs = `${exact ? '' : 'about '}${size(plan.memory.total)} of memory for ${plan.contextTokens} tokens of context`;
  if (noRoom) return { ...known, verdict: 'too-large', explains: full };
  if (machine === null || have === null)
    return { ...known, explains: `${it} needs ${needs}; no service that runs models could be asked what it has.` };
  if (!plan.fits)
    return { ...known, verdict: 'too-large', explains: `${it} needs ${needs} at least; models may use ${size(have)}.` };
  const tight = (reason: string): FitView => ({
    ...known,
    verdict: 'tight',
    explains: `${it} needs ${needs}${reason}.`,
  });
  if (plan.contextTokens < plan.wantedTokens)
    return tight(`, where ${plan.wantedTokens} tokens would be possible with more`);
  if (plan.memory.total > have * TIGHT) return tight(`, nearly all that models may use (${size(have)})`);
  if (plan.memory.total > machine.memoryFreeBytes) return tight(`; only ${size(machine.memoryFreeBytes)} are free now`);
  return { ...known, verdict: 'fits', explains: `${it} needs ${needs}; models may use ${size(have)}.` };
}

function size(bytes: number): string {
  return bytes < 2 ** 30 ? `${Math.ceil(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
