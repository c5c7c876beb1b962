import { type DataOf, Handles, type MessageContext, requireActor } from '@app/messaging';
import { GetPreferences, type PreferencesView } from '../contracts/index.js';
import { Preferences } from '../persistence/preferences.js';

@Handles(GetPreferences)
export class GetPreferencesHandler {
  constructor(private readonly preferences: Preferences) {}

  handle(_: DataOf<GetPreferences>, context: MessageContext): Promise<PreferencesView> {
    const { userId, role } = requireActor(context);
    return this.preferences.of(userId, role);
  }
}
