import { Injectable } from '@nestjs/common';

/**
 * Says within this process that something was committed, so that nobody waits for the next look at the database. What
 * another process committed is found by that look.
 */
@Injectable()
export class Wakes {
  #onNotifications: (userIds: readonly string[]) => void = () => undefined;
  #onEmails: () => void = () => undefined;

  onNotifications(listener: (userIds: readonly string[]) => void): void {
    this.#onNotifications = listener;
  }

  onEmails(listener: () => void): void {
    this.#onEmails = listener;
  }

  notificationsChanged(userIds: readonly string[]): void {
    this.#onNotifications(userIds);
  }

  emailsQueued(): void {
    this.#onEmails();
  }
}
