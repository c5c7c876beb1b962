/** Upper bounds of the latency histogram in milliseconds. */
export const BOUNDS = [50, 100, 200, 300, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000, 20_000, 60_000] as const;
/** As stored: the bound of what lies above all of them. */
export const ABOVE = 2_147_483_647;

export const boundOf = (ms: number): number => BOUNDS.find((bound) => ms < bound) ?? ABOVE;

export interface Bucket {
  belowMs: number;
  answers: number;
}

/** Read off the histogram, straight within a bucket; above the last bound all that is known is that bound. */
export function percentile(buckets: readonly Bucket[], share: number): number | null {
  const filled = buckets.filter(({ answers }) => answers > 0).toSorted((a, b) => a.belowMs - b.belowMs);
  const wanted = share * filled.reduce((sum, { answers }) => sum + answers, 0);
  let below = 0;
  for (const [index, { belowMs, answers }] of filled.entries()) {
    if (below + answers >= wanted || index === filled.length - 1) {
      const lower = BOUNDS.findLast((bound) => bound < belowMs) ?? 0;
      return belowMs === ABOVE ? lower : Math.round(lower + (belowMs - lower) * ((wanted - below) / answers));
    }
    below += answers;
  }
  return null;
}
