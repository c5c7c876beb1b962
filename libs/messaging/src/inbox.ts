/** Remembers which message each queue has handled, so that a second delivery does nothing. */
export abstract class Inbox {
  /** Notes the message as handled, in the ambient unit of work if there is one; false when it was noted before. */
  abstract record(queue: string, messageId: string): Promise<boolean>;

  abstract has(queue: string, messageId: string): Promise<boolean>;
}
