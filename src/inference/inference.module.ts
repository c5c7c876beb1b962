import { Module } from '@nestjs/common';
import { StorageModule } from '@app/storage';
import { CompletionRecorder } from './completions/completion-recorder.js';
import { Completions } from './completions/completions.js';
import { KeepModelsOnModelsChangedHandler } from './features/keep-models-on-models-changed.handler.js';
import { CompleteChatHandler } from './features/complete-chat.handler.js';
import { ForgetOnConversationDeletedHandler } from './features/forget-on-conversation-deleted.handler.js';
import { GenerateOnAnswerRequestedHandler } from './features/generate-on-answer-requested.handler.js';
import { GetCapacityHandler } from './features/get-capacity.handler.js';
import { ListModelsHandler } from './features/list-models.handler.js';
import { QueueOnAnswerRequestedHandler } from './features/queue-on-answer-requested.handler.js';
import { RequestCompletionHandler } from './features/request-completion.handler.js';
import { StopOnAnswerStopRequestedHandler } from './features/stop-on-answer-stop-requested.handler.js';
import { UnloadOnAdapterRemovedHandler } from './features/unload-on-adapter-removed.handler.js';
import { StreamGenerationHandler } from './features/stream-generation.handler.js';
import { GenerationLog } from './generation/generation-log.js';
import { GenerationRunner } from './generation/generation-runner.js';
import { TidyUp } from './generation/tidy-up.js';
import { AdapterRegistry } from './models/adapter-registry.js';
import { LocalModels } from './models/local-models.js';
import { ModelRegistry } from './models/model-registry.js';
import { EngineLifecycle, enginesProvider } from './models/engines.provider.js';
import { CompactedLogs } from './persistence/compacted-logs.js';
import { GenerationChunks } from './persistence/generation-chunks.js';
import { Generations } from './persistence/generations.js';

@Module({
  imports: [StorageModule],
  providers: [
    QueueOnAnswerRequestedHandler,
    GenerateOnAnswerRequestedHandler,
    StopOnAnswerStopRequestedHandler,
    ForgetOnConversationDeletedHandler,
    KeepModelsOnModelsChangedHandler,
    GetCapacityHandler,
    ListModelsHandler,
    StreamGenerationHandler,
    CompleteChatHandler,
    CompletionRecorder,
    RequestCompletionHandler,
    Completions,
    TidyUp,
    CompactedLogs,
    GenerationLog,
    GenerationRunner,
    GenerationChunks,
    Generations,
    ModelRegistry,
    LocalModels,
    AdapterRegistry,
    UnloadOnAdapterRemovedHandler,
    enginesProvider,
    EngineLifecycle,
  ],
})
export class InferenceModule {}
