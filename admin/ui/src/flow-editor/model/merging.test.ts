/** Taking in what others changed. */
import { expect, test } from 'vitest';
import type { Document } from './document';
import { changeBetween, isSame } from './merging';

const base: Document = {
  settings: { name: 'Shop', slots: { size: { type: 'choice', label: 'size' } } },
  steps: [{ id: 'a', step: 'message' }, { id: 'b', step: 'message' }, { id: 'c', step: 'end' }],
  wording: { en: { a: { text: 'A' }, b: { text: 'B' } } },
  tests: null,
  places: { a: { x: 1, y: 1 } },
};

test('what others changed comes in and what was written since stays', () => {
  const theirs = {
    ...base, settings: { ...base.settings, name: 'The shop' }, wording: { en: { a: { text: 'A' }, b: { text: 'Theirs' } } },
    steps: [{ id: 'a', step: 'message' }, { id: 'new', step: 'message' }, { id: 'b', step: 'message' }, { id: 'c', step: 'end' }],
  };
  const mine: Document = {
    ...base, wording: { en: { a: { text: 'Mine' }, b: { text: 'B' } } },
    steps: [{ id: 'a', step: 'message', next: 'c' }, { id: 'own', step: 'message' }, { id: 'b', step: 'message' }, { id: 'c', step: 'end' }],
  };
  const merged = changeBetween(base, theirs)(mine);
  expect(merged.settings.name).toBe('The shop');
  expect(merged.wording.en).toEqual({ a: { text: 'Mine' }, b: { text: 'Theirs' } });
  expect(merged.steps.map(({ id }) => id)).toEqual(['a', 'own', 'new', 'b', 'c']);
  expect(merged.steps[0]).toHaveProperty('next', 'c');
  expect(merged.places).toEqual(base.places);
});

test('a step that others took away is gone', () => {
  expect(changeBetween(base, { ...base, steps: base.steps.filter(({ id }) => id !== 'b') })(base).steps.map(({ id }) => id)).toEqual(['a', 'c']);
});

test('when the server kept what was sent, nothing changes', () => {
  expect(changeBetween(base, structuredClone(base))(base)).toBe(base);
});

test.each([[{ a: 1, b: 2 }, { b: 2, a: 1 }, true], [[1, 2], [2, 1], false], [null, undefined, false], [{ a: undefined }, {}, false]])(
  '%j and %j are the same: %j', (one, other, same) => {
    expect(isSame(one, other)).toBe(same);
  },
);
