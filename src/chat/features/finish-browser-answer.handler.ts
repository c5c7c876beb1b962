import { Handles, MessageBus, requireActor, type DataOf, type MessageContext } from '@app/messaging';
import { BrowserUsageRecorded, FinishBrowserAnswer } from '../contracts/index.js';
import { Conversations } from '../domain/conversations.js';
import { checkProof } from '../security/browser-proof.js';

@Handles(FinishBrowserAnswer)
export class FinishBrowserAnswerHandler {
  constructor(
    private readonly conversations: Conversations,
    private readonly bus: MessageBus,
  ) {}

  async handle(
    { conversationId, messageId, status, text, error, run, proof }: DataOf<FinishBrowserAnswer>,
    context: MessageContext,
  ): Promise<void> {
    const conversation = (await this.conversations.find(conversationId)).requireOwner(requireActor(context).userId);
    const { runtime, startedAt, finishedAt, ...counts } = run;
    const device = await checkProof(proof, { messageId, text, run });
    const metadata = {
      engine: 'browser',
      ...counts,
      ...{ cachedPromptTokens: 0, continuations: 0, continuationMode: 'none' as const },
      browser: { runtime, startedAt, finishedAt, device, proof },
    };
    if (!conversation.finishBrowserAnswer({ messageId, status, text, error, metadata })) return;
    await this.conversations.save(conversation);
    await this.bus.publish(new BrowserUsageRecorded({ answerId: messageId, conversationId, status, run }), {
      stream: `chat.browser-usage:${messageId}`,
    });
  }
}
