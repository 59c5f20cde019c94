/** Which rows of a list somebody has chosen, or that everybody is meant whom its filter lets through. */
import { useState } from 'react';
import { NOBODY_CHOSEN, chosenOf, toggled, toggledAll } from './choosing';

export interface Choosing {
  /** The rows that are shown as chosen. */
  chosen: ReadonlySet<string>;
  isEverybody: boolean;
  toggle: (id: string, withShift: boolean) => void;
  toggleAll: () => void;
  takeEverybody: () => void;
  clear: () => void;
}

/** `of` names the list: another filter is another list, in which nothing is chosen yet. */
export function useChoosing(ids: readonly string[], of: string): Choosing {
  const [kept, setKept] = useState({ of, choice: NOBODY_CHOSEN });
  const choice = kept.of === of ? kept.choice : NOBODY_CHOSEN;
  const set = (next: typeof choice) => setKept({ of, choice: next });
  return {
    chosen: chosenOf(choice, ids),
    isEverybody: choice.isEverybody,
    toggle: (id, withShift) => set(toggled(choice, ids, id, withShift)),
    toggleAll: () => set(toggledAll(choice, ids)),
    takeEverybody: () => set({ ...choice, isEverybody: true }),
    clear: () => set(NOBODY_CHOSEN),
  };
}
