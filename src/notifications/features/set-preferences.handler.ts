import { type DataOf, Handles, type MessageContext, requireActor } from '@app/messaging';
import { type PreferencesView, SetPreferences } from '../contracts/index.js';
import { topicNotYours } from '../domain/errors.js';
import { topicsFor } from '../domain/topics.js';
import { Preferences } from '../persistence/preferences.js';

@Handles(SetPreferences)
export class SetPreferencesHandler {
  constructor(private readonly preferences: Preferences) {}

  async handle({ items }: DataOf<SetPreferences>, context: MessageContext): Promise<PreferencesView> {
    const { userId, role } = requireActor(context);
    const theirs = topicsFor(role);
    for (const item of items) {
      if (!theirs.includes(item.topic)) throw topicNotYours(item.topic);
      await this.preferences.set(userId, item);
    }
    return this.preferences.of(userId, role);
  }
}
