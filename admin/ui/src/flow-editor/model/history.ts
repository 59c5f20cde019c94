/** Undo and redo as a reducer over any document. Pure: the moment comes with the edit. */

export interface History<T> {
  readonly past: readonly T[];
  readonly present: T;
  readonly future: readonly T[];
  /** What the last edit was about, and when: edits of the same thing that follow quickly are undone in one go. */
  readonly last: { readonly about: string; readonly at: number } | null;
}

export type Move<T> =
  | { type: 'edit'; to: T; about?: string; at: number }
  | { type: 'undo' }
  | { type: 'redo' }
  | { type: 'begin'; with: T }
  /** Somebody else's change comes in: it is part of every state from now on, so that undoing never undoes theirs. */
  | { type: 'absorb'; change: (document: T) => T };

const KEPT = 200; // states
const ONE_GO = 1_200; // milliseconds

export function begin<T>(document: T): History<T> {
  return { past: [], present: document, future: [], last: null };
}

export function move<T>(history: History<T>, action: Move<T>): History<T> {
  const { past, present, future, last } = history;
  switch (action.type) {
    case 'begin':
      return begin(action.with);
    case 'absorb':
      return { past: past.map(action.change), present: action.change(present), future: future.map(action.change), last: null };
    case 'edit': {
      if (action.to === present) return history;
      const about = action.about ?? '';
      const goesOn = about !== '' && last?.about === about && action.at - last.at < ONE_GO && past.length > 0;
      return {
        past: goesOn ? past : [...past, present].slice(-KEPT),
        present: action.to,
        future: [],
        last: { about, at: action.at },
      };
    }
    case 'undo': {
      const before = past.at(-1);
      return before === undefined ? history : { past: past.slice(0, -1), present: before, future: [present, ...future], last: null };
    }
    case 'redo': {
      const [after, ...rest] = future;
      return after === undefined ? history : { past: [...past, present], present: after, future: rest, last: null };
    }
  }
}
