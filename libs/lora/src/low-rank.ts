/** The matrices of one update, row by row. */
export interface Factors {
  /** rank × columns */
  a: Float32Array;
  /** rows × rank */
  b: Float32Array;
}

/** What an adapter adds to one weight matrix of its base: ΔW = scale · B · A. */
export interface LowRankUpdate {
  /** Outputs of the weight matrix. */
  rows: number;
  /** Inputs of the weight matrix. */
  columns: number;
  rank: number;
  scale: number;
  /** Reads both matrices. Throws `explore.adapter-not-finite` and `explore.adapter-truncated`. */
  read(): Promise<Factors>;
}

/** The modules of one transformer layer that an adapter may change, by their short names. */
export const layerModules = ['q', 'k', 'v', 'o', 'gate', 'up', 'down'] as const;
export type LayerModule = (typeof layerModules)[number];

/** B times `factor`, and both matrices brought to the same size by a power of two, which changes no digit of B·A. */
export function balanced({ a, b }: Factors, factor: number): Factors {
  const largestA = largest(a);
  const largestB = largest(b) * Math.abs(factor);
  const known = largestA > 0 && largestB > 0;
  const shift = known ? Math.round((Math.log2(largestA) - Math.log2(largestB)) / 2) : 0;
  return { a: a.map((value) => value * 2 ** -shift), b: b.map((value) => value * factor * 2 ** shift) };
}

function largest(values: Float32Array): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}
