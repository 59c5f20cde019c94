/** Permissions as a table: what may be done in which part of Parley. Knows no page. */
import type { Permission } from './types';

export interface AreaRow {
  area: string;
  read: Permission | null;
  write: Permission | null;
  others: Permission[];
}

/** A row for each area, in the order of the permissions. */
export function inAreas(permissions: readonly Permission[]): AreaRow[] {
  const rows = new Map<string, AreaRow>();
  for (const permission of permissions) {
    const [area = '', verb = ''] = permission.split('.');
    const row = rows.get(area) ?? { area, read: null, write: null, others: [] };
    if (verb === 'read' || verb === 'write') row[verb] = permission;
    else row.others.push(permission);
    rows.set(area, row);
  }
  return [...rows.values()];
}

/** Switches one permission. Whoever may change something may see it, too. */
export function toggle(held: readonly Permission[], permission: Permission, all: readonly Permission[]): Permission[] {
  const [area = '', verb = ''] = permission.split('.');
  const read = all.find((one) => one === `${area}.read`);
  if (held.includes(permission)) {
    const without = held.filter((one) => one !== permission);
    return verb === 'read' ? without.filter((one) => !one.startsWith(`${area}.`)) : without;
  }
  return [...new Set([...held, ...(read ? [read] : []), permission])];
}
