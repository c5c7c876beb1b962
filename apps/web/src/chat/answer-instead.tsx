import { useEffect, useState } from 'react';
import { type ChosenAdapter, adapterOn } from '../adapters/adapter-choice.js';
import { useReachable } from '../api/session.js';
import { isBrowserModel } from '../browser/browser-models.js';
import { isLocal } from '../browser/local-id.js';
import { DownIcon } from '../ui/icons.js';
import { Popover } from '../ui/popover.js';
import { toastError } from '../ui/toast.js';
import { useFileState } from './browser-model-row.js';
import { chooseModel, type ModelOption, useModelChoice } from './model-choice.js';
import { describeModel } from './model-menu.js';

interface AnswerInsteadProps {
  conversationId: string;
  /** What it waits for. */
  model: string | null;
  /** Shown only when the wait takes so long. */
  afterMs?: number;
  onPick(model: string, adapter: ChosenAdapter | null): Promise<void> | void;
}

/** The way out for a message whose model does not answer: another one that can. */
export function AnswerInstead({ conversationId, model, afterMs = 0, onPick }: AnswerInsteadProps) {
  const { models = [] } = useModelChoice({ local: isLocal(conversationId) });
  const reachable = useReachable();
  const late = useLate(afterMs);
  const others = models.filter(({ id }) => id !== model && (reachable || isBrowserModel(id)));
  if (!late || others.length === 0) return null;
  const pick = async (option: ModelOption) => {
    try {
      // What is said next goes on with it.
      chooseModel(option.id);
      await onPick(option.id, await adapterOn(option));
    } catch (error) {
      toastError(error);
    }
  };
  return (
    <Popover
      className="link-button"
      name="Answer with another model"
      label={
        <>
          Answer with… <DownIcon />
        </>
      }
    >
      {(close) =>
        others.map((option) => (
          <Other
            key={option.id}
            option={option}
            reachable={reachable}
            onPick={() => {
              close();
              void pick(option);
            }}
          />
        ))
      }
    </Popover>
  );
}

function Other({ option, reachable, onPick }: { option: ModelOption; reachable: boolean; onPick(): void }) {
  const file = useFileState(option);
  // A file that is not here cannot be had without the server.
  const missing = !reachable && file !== null && !file.here;
  return (
    <button type="button" role="menuitem" className="menu-item model-option" disabled={missing} onClick={onPick}>
      <span>
        <span className="model-option-name">{option.name}</span>
        <span className="muted">{describeModel(option, missing ? 'not downloaded' : (file?.text ?? ''))}</span>
      </span>
    </button>
  );
}

function useLate(afterMs: number): boolean {
  const [late, setLate] = useState(afterMs === 0);
  useEffect(() => {
    if (afterMs === 0) return;
    const timer = setTimeout(() => setLate(true), afterMs);
    return () => clearTimeout(timer);
  }, [afterMs]);
  return late;
}
