import { type Actor, type MessageContext, requireActor } from '@app/messaging';
import { adminOnly } from '../domain/errors.js';

/** Checked where the work is done, too: a message may come from elsewhere than the guarded route. */
export function requireAdministrator(context: MessageContext): Actor {
  const actor = requireActor(context);
  if (actor.role !== 'admin') throw adminOnly();
  return actor;
}
