import { useSyncExternalStore } from 'react';
import { messageOf } from '../api/problem.js';
import { Store } from '../api/store.js';
import { CloseIcon } from './icons.js';

interface Toast {
  id: number;
  text: string;
  tone: 'plain' | 'bad';
  /** Then it stays until it is taken or dismissed. */
  action?: { label: string; run(): void };
}

const toasts = new Store<readonly Toast[]>([]);
let next = 1;

const dismiss = (id: number) => toasts.update((list) => list.filter((toast) => toast.id !== id));

export function toast(text: string, { tone = 'plain', action }: Partial<Pick<Toast, 'tone' | 'action'>> = {}): void {
  const id = next++;
  // The same words twice are one message.
  toasts.update((list) => [...list.filter((other) => other.text !== text).slice(-2), { id, text, tone, action }]);
  if (!action) setTimeout(() => dismiss(id), tone === 'bad' ? 9000 : 5000);
}

/** For a promise nobody else looks at: its failure is told to the reader. */
export const toastError = (error: unknown): void => toast(messageOf(error), { tone: 'bad' });

export function Toasts() {
  const list = useSyncExternalStore(toasts.subscribe, toasts.get);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {list.map(({ id, text, tone, action }) => (
        <div key={id} className="toast" data-tone={tone}>
          <span>{text}</span>
          {action && (
            <button type="button" className="link-button" onClick={() => (dismiss(id), action.run())}>
              {action.label}
            </button>
          )}
          <button type="button" className="icon-button" aria-label="Dismiss" onClick={() => dismiss(id)}>
            <CloseIcon />
          </button>
        </div>
      ))}
    </div>
  );
}
