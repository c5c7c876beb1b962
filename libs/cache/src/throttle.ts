export interface ThrottleLimits {
  /** Failures that cost nothing. */
  free: number;
  /** Wait after the first one beyond; doubles with each. */
  baseMs: number;
  maxMs: number;
  /** So long after the last attempt all is forgotten. */
  forgetMs: number;
}

/**
 * Makes guessing slow, by pauses that grow. An attempt counts as failed until it is forgiven, so that a burst of parallel
 * guesses is not ahead of the count. It never fails: without its server each process counts for itself.
 */
export abstract class Throttle {
  /** Counts one attempt and answers 0, or answers for how many milliseconds it is refused. */
  abstract attempt(key: string, limits: ThrottleLimits): Promise<number>;
  /** The attempt was right: all failures before it are forgotten. */
  abstract forget(key: string): Promise<void>;
  /** The attempt was right, which says nothing about those before it. */
  abstract takeBack(key: string): Promise<void>;
}
