import { createHash } from 'node:crypto';
import { Config } from '@app/config';
import { DomainError, newId } from '@app/kernel';
import { type DataOf, Handles, MessageBus, type MessageContext, requireActor, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { Completions } from '../completions/completions.js';
import { CompletionRequested, RequestCompletion } from '../contracts/index.js';
import { AdapterRegistry } from '../models/adapter-registry.js';
import { ModelRegistry } from '../models/model-registry.js';
import { Generations } from '../persistence/generations.js';

@Handles(RequestCompletion, { transaction: false })
export class RequestCompletionHandler {
  constructor(
    private readonly completions: Completions,
    private readonly generations: Generations,
    private readonly models: ModelRegistry,
    private readonly adapters: AdapterRegistry,
    private readonly db: Database,
    private readonly bus: MessageBus,
    private readonly config: Config,
  ) {}

  async handle(
    { key, request }: DataOf<RequestCompletion>,
    context: MessageContext,
  ): Promise<ResultOf<RequestCompletion>> {
    const { userId } = requireActor(context);
    const fingerprint = createHash('sha256').update(JSON.stringify(request)).digest('hex');
    // Before anything is stored: what cannot be answered at all takes no key.
    const { id: model } = await this.adapters.add(await this.models.resolve(request.model), request.adapters ?? []);
    return this.db.transaction(async () => {
      const known = await this.completions.find(userId, key);
      if (known && !known.over) {
        if (known.fingerprint !== fingerprint) throw reused();
        const createdAt = known.createdAt.toISOString();
        return { completionId: known.id, model: known.model, createdAt, replayed: true };
      }
      if (known) {
        await this.completions.remove(known.id);
        await this.generations.forget([known.id]);
      }
      const completion = { id: newId(), userId, key, fingerprint, request, model, createdAt: new Date() };
      await this.completions.add(completion, this.config.inference.idempotencyHours);
      await this.generations.enqueue({ generationId: completion.id, conversationId: null, messageId: null });
      const stream = `inference.generation:${completion.id}`;
      await this.bus.publish(new CompletionRequested({ completionId: completion.id }), { stream });
      return { completionId: completion.id, model, createdAt: completion.createdAt.toISOString(), replayed: false };
    });
  }
}

const reused = () =>
  new DomainError(
    'conflict',
    'inference.idempotency-key-reused',
    'This Idempotency-Key was used for another request. Use a new one.',
  );
