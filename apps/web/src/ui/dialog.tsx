import { useEffect, useId, useRef, type MouseEvent, type ReactNode } from 'react';
import { CloseIcon } from './icons.js';

interface DialogProps {
  title: string;
  onClose(): void;
  children: ReactNode;
  /** A search dialog names itself by its field. */
  hideTitle?: boolean;
  className?: string;
}

/** A modal window: the browser's own `<dialog>`, which keeps the focus inside and gives it back. Shown while mounted. */
export function Dialog({ title, onClose, children, hideTitle = false, className = '' }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const element = dialog.current!;
    if (!element.open) element.showModal();
    return () => element.close();
  }, []);
  const onBackdrop = (event: MouseEvent) => {
    if (event.target === dialog.current) onClose();
  };
  return (
    <dialog
      ref={dialog}
      className={`dialog ${className}`}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={onBackdrop}
    >
      <div className="dialog-body">
        <div className={hideTitle ? 'sr-only' : 'dialog-head'}>
          <h2 id={heading}>{title}</h2>
          {!hideTitle && (
            <button type="button" className="icon-button" aria-label="Close" onClick={onClose}>
              <CloseIcon />
            </button>
          )}
        </div>
        {children}
      </div>
    </dialog>
  );
}

interface ConfirmProps {
  title: string;
  children: ReactNode;
  action: string;
  busy?: boolean;
  onConfirm(): void;
  onClose(): void;
}

/** Asks before something is lost. */
export function Confirm({ title, children, action, busy = false, onConfirm, onClose }: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onClose} className="dialog-small">
      <p className="muted">{children}</p>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose} autoFocus>
          Cancel
        </button>
        <button type="button" className="button button-danger" disabled={busy} onClick={onConfirm}>
          {action}
        </button>
      </div>
    </Dialog>
  );
}
