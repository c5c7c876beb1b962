/** What one tab tells the others of the same browser. */
export type TabMessage =
  | { type: 'conversation-changed'; id: string }
  | { type: 'conversations-changed' }
  | { type: 'models-changed' }
  | { type: 'queue-changed' }
  | { type: 'signed-out' };

const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('parley');

export const tellTabs = (message: TabMessage): void => channel?.postMessage(message);

export function onTabMessage(listener: (message: TabMessage) => void): () => void {
  const handle = (event: MessageEvent<TabMessage>) => listener(event.data);
  channel?.addEventListener('message', handle);
  return () => channel?.removeEventListener('message', handle);
}
