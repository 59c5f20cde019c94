/** Which rows of a list somebody has chosen, or that everybody is meant whom its filter lets through. */
import { useState } from 'react';
import { toggled, toggledAll } from './choosing';

export interface Choosing {
  chosen: ReadonlySet<string>;
  isEverybody: boolean;
  toggle: (id: string, withShift: boolean) => void;
  toggleAll: () => void;
  takeEverybody: () => void;
  clear: () => void;
}

/** `of` names the list: another filter is another list, in which nothing is chosen yet. */
export function useChoosing(ids: readonly string[], of: string): Choosing {
  const nothing = { of, chosen: new Set<string>() as ReadonlySet<string>, before: null as string | null, isEverybody: false };
  const [kept, setKept] = useState(nothing);
  const state = kept.of === of ? kept : nothing;
  return {
    chosen: state.chosen,
    isEverybody: state.isEverybody,
    toggle: (id, withShift) => setKept({ ...state, chosen: toggled(state.chosen, ids, id, state.before, withShift), before: id, isEverybody: false }),
    toggleAll: () => setKept({ ...state, chosen: toggledAll(state.chosen, ids), isEverybody: false }),
    takeEverybody: () => setKept({ ...state, isEverybody: true }),
    clear: () => setKept(nothing),
  };
}
