export interface Sample {
  at: number;
  bytes: number;
}

/** Speed over the last few seconds, so that the figure is neither stale nor nervous. */
const WINDOW_MS = 5000;

export function addSample(samples: readonly Sample[], sample: Sample): Sample[] {
  // Fewer bytes than before: a new attempt, which has a speed of its own.
  const kept = (samples.at(-1)?.bytes ?? 0) > sample.bytes ? [] : samples;
  return [...kept.filter(({ at }) => sample.at - at <= WINDOW_MS), sample];
}

/** Bytes a second; null while too little is known. */
export function speedOf(samples: readonly Sample[]): number | null {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.at - first.at < 500) return null;
  return ((last.bytes - first.bytes) * 1000) / (last.at - first.at);
}
