/** Which rows of a list are chosen. Pure. */

/** `before` is the row that was touched last; everybody is meant, whom the list's filter lets through, or those chosen. */
export interface Choice {
  chosen: ReadonlySet<string>;
  before: string | null;
  isEverybody: boolean;
}

export const NOBODY_CHOSEN: Choice = { chosen: new Set<string>(), before: null, isEverybody: false };

/** Which of the rows that are loaded are shown as chosen: all of them, however late they came, where everybody is meant. */
export function chosenOf({ chosen, isEverybody }: Choice, ids: readonly string[]): ReadonlySet<string> {
  return isEverybody ? new Set(ids) : chosen;
}

/** The row is chosen, or no longer; with shift all from the row that was touched before it are as it becomes. */
export function toggled(choice: Choice, ids: readonly string[], id: string, withShift: boolean): Choice {
  const { before } = choice;
  const next = new Set(chosenOf(choice, ids));
  const isOn = !next.has(id);
  const [from, to] = [before === null ? -1 : ids.indexOf(before), ids.indexOf(id)];
  const touched = withShift && from >= 0 && to >= 0 ? ids.slice(Math.min(from, to), Math.max(from, to) + 1) : [id];
  for (const one of touched) {
    if (isOn) next.add(one);
    else next.delete(one);
  }
  return { chosen: next, before: id, isEverybody: false };
}

/** All rows that are loaded, or none when they were all chosen. */
export function toggledAll(choice: Choice, ids: readonly string[]): Choice {
  const chosen = chosenOf(choice, ids);
  return { ...choice, chosen: ids.every((id) => chosen.has(id)) ? new Set() : new Set(ids), isEverybody: false };
}
