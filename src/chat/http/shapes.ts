import { z } from 'zod';
import { AnswerError, AnswerMetadata, FinalStatus, GenerationPhase } from '../../inference/contracts/index.js';
import {
  FinishBrowserAnswer,
  GrowBrowserAnswer,
  ListConversations,
  DeleteConversation,
  RecordBrowserTurn,
  RecordBrowserUsage,
  RenameConversation,
  RetryAnswer,
  SendMessage,
  SentMessage,
  StartBrowserAnswer,
  StartConversation,
} from '../contracts/index.js';

/** What a client sends is the command's data without what the path says. */
export const StartConversationBody = StartConversation.schema.meta({ id: 'StartConversationBody' });
export const RenameConversationBody = RenameConversation.schema
  .omit({ conversationId: true })
  .meta({ id: 'RenameConversationBody' });
export const DeleteConversationBody = DeleteConversation.schema
  .omit({ conversationId: true })
  .required()
  .meta({ id: 'DeleteConversationBody' });
export const SendMessageBody = SendMessage.schema.omit({ conversationId: true }).meta({ id: 'SendMessageBody' });
export const RetryAnswerBody = RetryAnswer.schema
  .omit({ conversationId: true, messageId: true })
  .meta({ id: 'RetryAnswerBody' });

export const StartBrowserAnswerBody = StartBrowserAnswer.schema
  .omit({ conversationId: true })
  .meta({ id: 'StartBrowserAnswerBody' });
const inPath = { conversationId: true, messageId: true } as const;
export const GrowBrowserAnswerBody = GrowBrowserAnswer.schema.omit(inPath).meta({ id: 'GrowBrowserAnswerBody' });
export const FinishBrowserAnswerBody = FinishBrowserAnswer.schema.omit(inPath).meta({ id: 'FinishBrowserAnswerBody' });
export const RecordBrowserTurnBody = RecordBrowserTurn.schema
  .omit({ conversationId: true })
  .meta({ id: 'RecordBrowserTurnBody' });
export const RecordBrowserUsageBody = RecordBrowserUsage.schema.meta({ id: 'RecordBrowserUsageBody' });

/** Query strings are text: the limit is read as a number. */
export const ListConversationsParams = ListConversations.schema.extend({
  limit: z.coerce.number().int().min(1).max(100).default(30),
});

/** Where a stream goes on: the standard header of a reconnecting EventSource, or a query parameter. */
export const StreamParams = z.object({ after: z.coerce.number().int().min(0).optional() });
export const LastEventId = z.coerce.number().int().min(0).max(2_147_483_647).catch(0);

/** Data of the events of an answer's stream: `status`, `token`, `restart` and `done`. */
export const AnswerEvent = z
  .union([
    GenerationPhase,
    z.object({ text: z.string() }),
    z.object({ reason: z.string() }),
    z.object({ status: FinalStatus, error: AnswerError.nullable(), metadata: AnswerMetadata.nullable() }),
  ])
  .meta({ id: 'AnswerEvent' });

/** Data of the events of a message that is sent and followed in one request: `sent`, and then those of its answer. */
export const SentEvent = z.union([SentMessage, AnswerEvent]).meta({ id: 'SentEvent' });
