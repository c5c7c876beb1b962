import type { GenerationPhase } from '../api/views.js';
import { formatPercent } from '../lib/format.js';
import { Progress } from '../ui/parts.js';

/** In words, what an answer without a text yet is waiting for. */
export function waitingText(phase: GenerationPhase | null): string {
  switch (phase?.phase) {
    case 'queued':
      if (phase.position <= 0) return 'Next in the queue';
      return phase.position === 1
        ? 'In the queue: one answer before this'
        : `In the queue: ${phase.position} answers before this`;
    case 'loading':
      return `Loading the model, ${formatPercent(phase.progress)}`;
    case 'generating':
      return 'Reading the conversation';
    default:
      return 'Starting';
  }
}

export function Waiting({ phase }: { phase: GenerationPhase | null }) {
  return (
    <div className="waiting">
      <span className="dots" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      <span>{waitingText(phase)}</span>
      {phase?.phase === 'loading' && <Progress value={phase.progress} label="Loading the model" />}
    </div>
  );
}
