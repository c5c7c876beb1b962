import { DomainError } from '@app/kernel';

/** The file is not an adapter that may be converted, or given to an engine. Codes are `explore.adapter-…`. */
export const problem = (code: string, message: string, details?: Record<string, unknown>): DomainError =>
  new DomainError('invalid', `explore.adapter-${code}`, message, details);

/** Part of a hostile name or value, short enough to show. */
export const shown = (value: unknown): string => String(value).slice(0, 120);

interface Size {
  rows: number;
  columns: number;
}

export const wrongBase = (tensor: string, base: Size | undefined, adapter: Size): DomainError =>
  problem('wrong-base', 'The adapter was made for another model: their shapes differ.', {
    tensor: shown(tensor),
    base: base ? [base.rows, base.columns] : null,
    adapter: [adapter.rows, adapter.columns],
  });
