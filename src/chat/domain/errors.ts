import { DomainError } from '@app/kernel';

export const conversationNotFound = (conversationId: string) =>
  new DomainError('not-found', 'chat.conversation-not-found', 'There is no such conversation.', { conversationId });

export const messageNotFound = (messageId: string) =>
  new DomainError('not-found', 'chat.message-not-found', 'There is no such message in this conversation.', {
    messageId,
  });

export const messageDeleted = (messageId: string) =>
  new DomainError('not-found', 'chat.message-deleted', 'This was here, and was deleted with its conversation.', {
    messageId,
  });

export const emptyMessage = () => new DomainError('invalid', 'chat.empty-message', 'A message needs some text.');

export const messageTooLong = (characters: number, limit: number) =>
  new DomainError(
    'too-large',
    'chat.message-too-long',
    `A message may have ${limit} characters; this has ${characters}.`,
    {
      characters,
      limit,
    },
  );

export const invalidText = () =>
  new DomainError('invalid', 'chat.invalid-text', 'The text contains characters that are not valid Unicode text.');

export const notAnAnswer = (messageId: string) =>
  new DomainError('conflict', 'chat.not-an-answer', 'That message is not an answer.', { messageId });

export const answerPending = (messageId: string) =>
  new DomainError('conflict', 'chat.answer-pending', 'The answer before this message is still being written.', {
    messageId,
  });

export const tooManyMessages = (limit: number) =>
  new DomainError('conflict', 'chat.conversation-full', `A conversation may have ${limit} messages. Start a new one.`, {
    limit,
  });

export const notABrowserAnswer = (messageId: string) =>
  new DomainError('conflict', 'chat.not-a-browser-answer', 'That answer is not written by a browser.', { messageId });

export const notAMessageToAnswer = (messageId: string) =>
  new DomainError('conflict', 'chat.not-a-question', 'Only what a person said can be answered.', { messageId });

export const answerTextMissing = (messageId: string, have: number) =>
  new DomainError('conflict', 'chat.answer-text-missing', 'Some of the text before this piece has not come.', {
    messageId,
    have,
  });

export const invalidProof = (reason: string, cause?: unknown) =>
  new DomainError('invalid', 'chat.invalid-proof', `The signature of the answer does not hold: ${reason}`, undefined, {
    cause,
  });
