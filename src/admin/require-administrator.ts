import { DomainError } from '@app/kernel';
import { type Actor, type MessageContext, requireActor } from '@app/messaging';

/** Checked where the work is done, too: a message may come from elsewhere than the guarded route. */
export function requireAdministrator(context: MessageContext): Actor {
  const actor = requireActor(context);
  if (actor.role === 'admin') return actor;
  throw new DomainError('forbidden', 'admin.administrators-only', 'Only an administrator may do this.');
}
