import { CheckIcon, DownIcon } from '../ui/icons.js';
import { Popover } from '../ui/popover.js';
import { chooseAdapter, type AdapterOptions } from './adapter-choice.js';

/** Which adapter the model answers with; not there while the model has none. */
export function AdapterMenu({ adapters, adapter }: Pick<AdapterOptions, 'adapters' | 'adapter'>) {
  if (adapters.length === 0) return null;
  const options = [null, ...adapters];
  return (
    <Popover
      className="model-button adapter-button"
      name={`Adapter: ${adapter?.name ?? 'none'}`}
      label={
        <>
          <span className="clip">{adapter?.name ?? 'No adapter'}</span>
          <DownIcon />
        </>
      }
    >
      {(close) => (
        <>
          {options.map((option) => (
            <button
              key={option?.id ?? 'none'}
              type="button"
              role="menuitemradio"
              aria-checked={option?.id === adapter?.id}
              className="menu-item model-option"
              onClick={() => {
                chooseAdapter(option?.id ?? null);
                close();
              }}
            >
              <span>
                <span className="model-option-name">{option?.name ?? 'No adapter'}</span>
                <span className="muted">{option ? option.description || 'LoRA' : 'The model as it is'}</span>
              </span>
              {option?.id === adapter?.id && <CheckIcon />}
            </button>
          ))}
        </>
      )}
    </Popover>
  );
}
