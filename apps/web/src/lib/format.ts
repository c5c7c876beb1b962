const number = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

export const formatNumber = (value: number): string => (Math.abs(value) < 100 ? number : whole).format(value);

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Decimal units, as shops and download pages count: 98362432 → `98.4 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? whole.format(value) : formatNumber(value)} ${UNITS[unit]}`;
}

export function formatDuration(ms: number): string {
  if (ms < 1000) return `${whole.format(ms)} ms`;
  if (ms < 59_950) return `${number.format(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const formatPercent = (share: number): string => `${Math.floor(Math.min(1, Math.max(0, share)) * 100)} %`;

/** `8192` → `8k`: how the field writes context lengths. */
export const formatTokens = (count: number): string =>
  count >= 1000 ? `${whole.format(Math.round(count / 1024))}k` : String(count);

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** `1234567` → `1.2M`. */
export const formatCount = (count: number): string => compact.format(count);

/** Count of weights, as the field writes it: 1711376384 → `1.7 B`. */
export const formatParameters = (count: number): string =>
  count >= 1e9 ? `${formatNumber(count / 1e9)} B` : `${formatNumber(count / 1e6)} M`;

const date = new Intl.DateTimeFormat('en', { dateStyle: 'medium' });
export const formatDate = (iso: string): string => date.format(new Date(iso));

const dateTime = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });
export const formatDateTime = (iso: string): string => dateTime.format(new Date(iso));

/** `just now`, `5 min ago`, `3 h ago`, then the date. */
export function formatAgo(iso: string, now: Date): string {
  const minutes = Math.floor((now.getTime() - Date.parse(iso)) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ago`;
  return formatDate(iso);
}
