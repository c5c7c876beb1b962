/** Copies a text. The modern way needs a secure origin, and Parley is often reached by plain HTTP in a local network. */
export async function copyText(text: string): Promise<void> {
  if (globalThis.isSecureContext && navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  area.style.cssText = 'position:fixed;opacity:0;inset:0 auto auto 0';
  const before = document.activeElement;
  // Inside an open dialog everything else is inert.
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  if (before instanceof HTMLElement) before.focus();
  if (!copied) throw new Error('The browser does not allow copying here.');
}
