import { isBrowserModel } from '../browser/browser-models.js';
import { formatBytes, formatTokens } from '../lib/format.js';
import { CheckIcon, DownIcon } from '../ui/icons.js';
import { Popover } from '../ui/popover.js';
import { BrowserModelRow, BrowserQuota } from './browser-model-row.js';
import { chooseModel, type ModelChoice, type ModelOption } from './model-choice.js';

const PLACE: Record<ModelOption['engine'], string> = {
  'llama-cpp': 'on this server',
  'openai-compatible': 'upstream',
  mediapipe: 'in this browser, on WebGPU',
  wllama: 'in this browser, on the processor, without LoRA',
};

export const placeOf = (engine: string): string => PLACE[engine as ModelOption['engine']] ?? engine;

/** Which model answers next. */
export function ModelMenu({ models, model }: ModelChoice) {
  if (!models) return <span className="model-button skeleton-text" aria-hidden="true" />;
  if (models.length === 0) return <span />;
  return (
    <Popover
      className="model-button"
      name={`Model: ${model?.name ?? 'none'}`}
      label={
        <>
          <span className="clip">{model?.name ?? 'Choose a model'}</span>
          <DownIcon />
        </>
      }
    >
      {(close) => (
        <>
          {models.map((option) => {
            const button = (state: string) => (
              <button
                key={option.id}
                type="button"
                role="menuitemradio"
                aria-checked={option.id === model?.id}
                className="menu-item model-option"
                onClick={() => {
                  chooseModel(option.id);
                  close();
                }}
              >
                <span>
                  <span className="model-option-name">{option.name}</span>
                  <span className="muted">{describeModel(option, state)}</span>
                </span>
                {option.id === model?.id && <CheckIcon />}
              </button>
            );
            return isBrowserModel(option.id) ? (
              <BrowserModelRow key={option.id} option={option}>
                {button}
              </BrowserModelRow>
            ) : (
              button('')
            );
          })}
          {models.some(({ id }) => isBrowserModel(id)) && <BrowserQuota />}
        </>
      )}
    </Popover>
  );
}

/** In a line, where a model runs and how large it is; `state` of its file in this browser. */
export function describeModel(model: ModelOption, state: string): string {
  const parts = [placeOf(model.engine)];
  if (model.sizeBytes !== null) parts.push(formatBytes(model.sizeBytes));
  if (model.contextLength !== null) parts.push(`${formatTokens(model.contextLength)} context`);
  if (model.default) parts.push('default');
  if (state) parts.push(state);
  const text = parts.join(' · ');
  return text[0]!.toUpperCase() + text.slice(1);
}
