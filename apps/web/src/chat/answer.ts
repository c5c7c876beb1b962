import type { ServerEvent } from '../api/events.js';
import type { AnswerError, AnswerMetadata, FinalStatus, GenerationPhase } from '../api/views.js';

/** What is known of an answer that is being written. */
export interface AnswerState {
  text: string;
  phase: GenerationPhase | null;
  /** Why the text so far was thrown away, if it was. */
  restarted: string | null;
  done: { status: FinalStatus; error: AnswerError | null; metadata: AnswerMetadata | null } | null;
  /** Sequence number of the last event that is in here. */
  lastEventId: string | null;
}

export const emptyAnswer: AnswerState = { text: '', phase: null, restarted: null, done: null, lastEventId: null };

/** The answer after one more event of its stream. Pure, so that any cut and reconnect can be tested. */
export function advance(state: AnswerState, { id, event, data }: ServerEvent): AnswerState {
  const lastEventId = id ?? state.lastEventId;
  switch (event) {
    case 'status':
      return { ...state, phase: JSON.parse(data) as GenerationPhase };
    case 'token':
      return {
        ...state,
        lastEventId,
        text: state.text + (JSON.parse(data) as { text: string }).text,
        phase: { phase: 'generating' },
      };
    case 'restart':
      return { ...state, lastEventId, text: '', restarted: (JSON.parse(data) as { reason: string }).reason };
    case 'done':
      return { ...state, lastEventId, done: JSON.parse(data) as NonNullable<AnswerState['done']> };
    default:
      return state;
  }
}
