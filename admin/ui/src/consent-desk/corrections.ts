/** What a correction asks for, as the API takes it. Pure. */
import { changedFields } from '../contacts/fields';
import type { NewRequest } from './types';

/** The fields that become another value; an emptied one is forgotten. */
export function corrections(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): NonNullable<NewRequest['fields']> {
  const told = Object.entries(changedFields(before, after)).map(([name, value]) => [name, plain(value)] as const);
  return Object.fromEntries(told);
}

function plain(value: unknown): string | number | null {
  if (value === null || typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return String(value);
}
