/** Remembers which message each queue has handled, so that a second delivery does nothing. */
export abstract class Inbox {
  /**
   * Notes the message as handled in the ambient unit of work, which must be open. One that was noted before fails the unit
   * with an error that `isRepeat` knows: not at once, maybe, but before anything is stored.
   */
  abstract note(queue: string, messageId: string): Promise<void>;

  /** Whether a unit failed because its message was noted before: nobody need be told, for what was to be done is done. */
  abstract isRepeat(error: unknown): boolean;

  /** Notes the message as handled, in the ambient unit of work if there is one; false when it was noted before. */
  abstract record(queue: string, messageId: string): Promise<boolean>;

  abstract has(queue: string, messageId: string): Promise<boolean>;
}
