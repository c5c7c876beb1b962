/** What became of one attempt to hand an e-mail over. */
export interface Failure {
  /** As the mail server or the network said it. */
  reason: string;
  /** Trying again may help. */
  passing: boolean;
}

/** A day and a half, with the back-off: a mail server may be away for a night. */
export const MOST_ATTEMPTS = 40;
const FIRST_WAIT_SECONDS = 15;
const LONGEST_WAIT_SECONDS = 3_600;

/** Seconds before the attempt after this many: 15, 30, 60 … up to an hour. */
export const waitAfter = (attempts: number): number =>
  Math.min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** Math.min(attempts - 1, 10));

const LONGEST_REASON = 500;

/**
 * A refusal of this e-mail or its recipient (5xx) is final. All else may pass: 4xx, a server that is away or slow, and
 * credentials or a sender that it does not accept, because an administrator can mend those.
 */
export function failureOf(error: unknown): Failure {
  const { responseCode, command, message } = error as { responseCode?: number; command?: string; message?: string };
  const aboutThisEmail = command === 'RCPT TO' || command === 'DATA';
  const final = responseCode !== undefined && responseCode >= 500 && aboutThisEmail;
  return { reason: (message ?? String(error)).slice(0, LONGEST_REASON), passing: !final };
}
