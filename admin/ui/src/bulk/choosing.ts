/** Which rows of a list are chosen. Pure. */

/** The row is chosen, or no longer; with shift all from the row that was touched before it are as it becomes. */
export function toggled(chosen: ReadonlySet<string>, ids: readonly string[], id: string, before: string | null, withShift: boolean): Set<string> {
  const next = new Set(chosen);
  const isOn = !chosen.has(id);
  const [from, to] = [before === null ? -1 : ids.indexOf(before), ids.indexOf(id)];
  const touched = withShift && from >= 0 && to >= 0 ? ids.slice(Math.min(from, to), Math.max(from, to) + 1) : [id];
  for (const one of touched) {
    if (isOn) next.add(one);
    else next.delete(one);
  }
  return next;
}

/** All rows that are loaded, or none when they were all chosen. */
export function toggledAll(chosen: ReadonlySet<string>, ids: readonly string[]): Set<string> {
  return ids.every((id) => chosen.has(id)) ? new Set() : new Set(ids);
}
