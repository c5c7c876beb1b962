const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const exact = new Intl.NumberFormat('en');
const dayAndMonth = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric', timeZone: 'UTC' });
const precise = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });

/** `12345` → `12.3K` */
export const formatCompact = (count: number): string => compact.format(count);

/** `12345` → `12,345` */
export const formatExact = (count: number): string => exact.format(count);

/** A day as the server counts it (UTC): `2026-11-21` → `Nov 21`. */
export const formatDay = (day: string): string => dayAndMonth.format(new Date(day));

/** With seconds. */
export const formatMoment = (iso: string): string => precise.format(new Date(iso));

/** How long something has been so, roughly: `8 s`, `5 min`, `3 h 20 min`, `2 d 4 h`. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `1 message`, `2 messages` */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatExact(count)} ${count === 1 ? one : many}`;
