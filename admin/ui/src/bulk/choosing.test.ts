import { expect, it } from 'vitest';
import { toggled, toggledAll } from './choosing';

const ids = ['a', 'b', 'c', 'd'];

it('chooses a row, and lets it go when it is touched again', () => {
  const once = toggled(new Set(), ids, 'b', null, false);
  expect([...once]).toEqual(['b']);
  expect([...toggled(once, ids, 'b', 'b', false)]).toEqual([]);
});

it('chooses all rows between two with shift, whichever was first', () => {
  expect([...toggled(new Set(['d']), ids, 'b', 'd', true)].sort()).toEqual(['b', 'c', 'd']);
  expect([...toggled(new Set(['a']), ids, 'c', 'a', true)].sort()).toEqual(['a', 'b', 'c']);
});

it('lets all rows between two go with shift', () => {
  expect([...toggled(new Set(ids), ids, 'c', 'a', true)]).toEqual(['d']);
});

it('takes only the row when the one before is not in the list any more', () => {
  expect([...toggled(new Set(), ids, 'c', 'gone', true)]).toEqual(['c']);
});

it('chooses all, and none when all were chosen', () => {
  expect(toggledAll(new Set(['a']), ids).size).toBe(4);
  expect(toggledAll(new Set(ids), ids).size).toBe(0);
});
