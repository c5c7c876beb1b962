import { toast } from '../ui/toast.js';

const LOOK_EVERY_MS = 3_600_000;

/**
 * Keeps the pages in this browser, so that they open without the server. A newer version waits until the reader wants it:
 * loading it ends answers that this tab makes.
 */
export function keepPages(): void {
  // Over plain HTTP there is none; while the client is changed, it would only be in the way.
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  const register = () =>
    void navigator.serviceWorker.register('/service-worker.js', { updateViaCache: 'none' }).then(watch, () => {
      // Storage is blocked or full, or a proxy answers something else: the page works as it is, online.
    });
  // What the first view needs goes first.
  if (document.readyState === 'complete') register();
  else addEventListener('load', register, { once: true });
}

function watch(registration: ServiceWorkerRegistration): void {
  if (registration.waiting) offer(registration.waiting);
  const found = () => {
    const worker = registration.installing;
    worker?.addEventListener('statechange', () => {
      // Without a controller it is the first one: there is nothing older to go on with.
      if (worker.state === 'installed' && navigator.serviceWorker.controller) offer(worker);
    });
  };
  // The browser looks for itself after it has the page, which may be before all of it is loaded.
  found();
  registration.addEventListener('updatefound', found);
  let looked = Date.now();
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible' || Date.now() - looked < LOOK_EVERY_MS) return;
    looked = Date.now();
    registration.update().catch(() => undefined); // Away: the next look finds it.
  });
}

function offer(worker: ServiceWorker): void {
  toast('There is a new version of Parley.', {
    action: {
      label: 'Reload',
      run() {
        navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
        worker.postMessage('activate');
      },
    },
  });
}
