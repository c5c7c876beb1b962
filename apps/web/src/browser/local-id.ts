import { v7 as newId } from 'uuid';

/** A conversation that stays in this browser shows it in its address, so that nothing of it is ever asked for. */
export const isLocal = (conversationId: string): boolean => conversationId.startsWith('local-');
export const newLocalId = (): string => `local-${newId()}`;
