import type { AuditFilter } from './api.js';

/** What the fields of the filter hold, empty where nothing was given. */
export interface FilterFields {
  module: string;
  type: string;
  actor: string;
  id: string;
  /** As `datetime-local` gives it, in the reader's time zone. */
  from: string;
  to: string;
}

export const NO_FILTER: FilterFields = { module: '', type: '', actor: '', id: '', from: '', to: '' };

export interface FilterProblems {
  type?: string;
  id?: string;
  to?: string;
}

/** What the server would refuse, said at the field. */
export function problemsOf({ module, type, id, from, to }: FilterFields): FilterProblems {
  return {
    ...(!/^[a-z0-9.-]{0,100}$/.test(typeOf(module, type)) && { type: 'Small letters, digits, dots and hyphens.' }),
    ...(id.trim() !== '' && !/^[A-Za-z0-9:._-]{4,100}$/.test(id.trim()) && { id: 'A whole id, without spaces.' }),
    ...(from !== '' && to !== '' && to <= from && { to: 'Later than the time before.' }),
  };
}

/** As the API takes it. The time zone is the reader's. */
export function toFilter({ module, type, actor, id, from, to }: FilterFields): AuditFilter {
  const given = {
    type: typeOf(module, type),
    actor,
    id: id.trim(),
    from: from && new Date(from).toISOString(),
    to: to && new Date(to).toISOString(),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
}

/** `message.` within the module chat is `chat.message.`; a whole type stays what it is. */
function typeOf(module: string, type: string): string {
  const text = type.trim();
  if (module === '' || text.startsWith(`${module}.`)) return text;
  return `${module}.${text}`;
}
