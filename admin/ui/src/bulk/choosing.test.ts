import { expect, it } from 'vitest';
import { NOBODY_CHOSEN, chosenOf, toggled, toggledAll, type Choice } from './choosing';

const ids = ['a', 'b', 'c', 'd'];

function choice(chosen: readonly string[], before: string | null = null, isEverybody = false): Choice {
  return { chosen: new Set(chosen), before, isEverybody };
}

function names({ chosen }: Choice): string[] {
  return [...chosen].sort();
}

it('chooses a row, and lets it go when it is touched again', () => {
  const once = toggled(NOBODY_CHOSEN, ids, 'b', false);
  expect(names(once)).toEqual(['b']);
  expect(names(toggled(once, ids, 'b', false))).toEqual([]);
});

it('chooses all rows between two with shift, whichever was first', () => {
  expect(names(toggled(choice(['d'], 'd'), ids, 'b', true))).toEqual(['b', 'c', 'd']);
  expect(names(toggled(choice(['a'], 'a'), ids, 'c', true))).toEqual(['a', 'b', 'c']);
});

it('lets all rows between two go with shift', () => {
  expect(names(toggled(choice(ids, 'a'), ids, 'c', true))).toEqual(['d']);
});

it('takes only the row when the one before is not in the list any more', () => {
  expect(names(toggled(choice([], 'gone'), ids, 'c', true))).toEqual(['c']);
});

it('chooses all, and none when all were chosen', () => {
  expect(names(toggledAll(choice(['a']), ids))).toEqual(ids);
  expect(names(toggledAll(choice(ids), ids))).toEqual([]);
});

it('lets a row go that was loaded after everybody was taken, and all others that are shown stay', () => {
  const everybody = choice(['a', 'b'], null, true);
  expect([...chosenOf(everybody, ids)]).toEqual(ids);
  const next = toggled(everybody, ids, 'd', false);
  expect(next.isEverybody).toBe(false);
  expect(names(next)).toEqual(['a', 'b', 'c']);
  expect(names(toggledAll(everybody, ids))).toEqual([]);
});
