import type { Token } from 'node-llama-cpp';

/** How many tokens two texts have in common at their start. */
export function sharedLength(one: readonly Token[], other: readonly Token[]): number {
  const limit = Math.min(one.length, other.length);
  let shared = 0;
  while (shared < limit && one[shared] === other[shared]) shared++;
  return shared;
}
