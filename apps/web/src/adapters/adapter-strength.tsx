import { useId } from 'react';
import { Popover } from '../ui/popover.js';
import { type AdapterOptions, chooseStrength, MOST_STRENGTH } from './adapter-choice.js';

const STEP = 0.05;

/** How strongly the chosen adapter is applied; where the engine knows no strength it says so. */
export function AdapterStrength({ adapter, choice, fixed }: Pick<AdapterOptions, 'adapter' | 'choice' | 'fixed'>) {
  if (!adapter) return null;
  const scale = fixed || !choice ? 1 : choice.scale;
  return (
    <Popover
      className="model-button adapter-button"
      kind="dialog"
      name={`Strength of ${adapter.name}: ${scale}`}
      label={<span>× {scale}</span>}
    >
      {() => <Strength scale={scale} fixed={fixed} />}
    </Popover>
  );
}

function Strength({ scale, fixed }: { scale: number; fixed: boolean }) {
  const id = useId();
  return (
    <div className="strength">
      <label htmlFor={id}>Strength of the adapter</label>
      <div className="strength-value">
        <input
          id={id}
          type="range"
          min={0}
          max={MOST_STRENGTH}
          step={STEP}
          value={scale}
          disabled={fixed}
          aria-describedby={`${id}-hint`}
          onChange={({ target }) => chooseStrength(Number(target.value))}
        />
        <output htmlFor={id}>{scale}</output>
      </div>
      <p id={`${id}-hint`} className="muted">
        {fixed
          ? 'The engine of this browser (MediaPipe) knows no strength: an adapter is applied as it was made.'
          : '0 is the model alone, 1 the adapter as it was made, 2 twice that.'}
      </p>
      {!fixed && (
        <button type="button" className="button" disabled={scale === 1} onClick={() => chooseStrength(1)}>
          As it was made
        </button>
      )}
    </div>
  );
}
