const month = new Intl.DateTimeFormat('en', { month: 'long' });
const monthYear = new Intl.DateTimeFormat('en', { month: 'long', year: 'numeric' });

const startOfDay = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());

/** How a person would say when that was: `Today`, `Yesterday`, `Last 7 days`, `October`, `March 2025`. */
export function dayLabel(then: Date, now: Date): string {
  // Rounded, because a day of the change to summer time has 23 or 25 hours.
  const days = Math.round((startOfDay(now).getTime() - startOfDay(then).getTime()) / 86_400_000);
  if (days <= 0) return 'Today';
  if (days === 1) return 'Yesterday';
  if (days < 7) return 'Last 7 days';
  if (days < 30) return 'Last 30 days';
  return (then.getFullYear() === now.getFullYear() ? month : monthYear).format(then);
}

/** Groups what is already sorted, newest first, under those labels. */
export function groupByDay<T>(
  items: readonly T[],
  dateOf: (item: T) => string,
  now: Date,
): { label: string; items: T[] }[] {
  const groups: { label: string; items: T[] }[] = [];
  for (const item of items) {
    const label = dayLabel(new Date(dateOf(item)), now);
    const last = groups.at(-1);
    if (last?.label === label) last.items.push(item);
    else groups.push({ label, items: [item] });
  }
  return groups;
}
