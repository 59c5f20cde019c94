/** Undo and redo. */
import { expect, test } from 'vitest';
import { begin, move, type History, type Move } from './history';

const run = (moves: Move<string>[]): History<string> => moves.reduce<History<string>>(move, begin(''));

test('what was done is undone and done again in order', () => {
  const written = run([{ type: 'edit', to: 'a', at: 0 }, { type: 'edit', to: 'ab', at: 1 }]);
  const back = move(written, { type: 'undo' });
  expect(back.present).toBe('a');
  expect(move(move(back, { type: 'undo' }), { type: 'undo' }).present).toBe('');
  expect(move(back, { type: 'redo' }).present).toBe('ab');
});

test('typing in one field is undone in one go, after a pause or elsewhere by itself', () => {
  const typed = run([
    { type: 'edit', to: 'a', about: 'name', at: 0 }, { type: 'edit', to: 'ab', about: 'name', at: 500 },
    { type: 'edit', to: 'abc', about: 'name', at: 9_000 }, { type: 'edit', to: 'abc!', about: 'text', at: 9_100 },
  ]);
  const states = [typed, move(typed, { type: 'undo' })];
  states.push(move(states[1]!, { type: 'undo' }), move(move(states[1]!, { type: 'undo' }), { type: 'undo' }));
  expect(states.map(({ present }) => present)).toEqual(['abc!', 'abc', 'ab', '']);
});

test('an edit after undoing forgets what was undone', () => {
  const other = run([{ type: 'edit', to: 'a', at: 0 }, { type: 'undo' }, { type: 'edit', to: 'b', at: 1 }, { type: 'redo' }]);
  expect(other.present).toBe('b');
});

test('what somebody else changed is not undone with one’s own', () => {
  const mine = run([{ type: 'edit', to: 'mine', at: 0 }, { type: 'absorb', change: (text) => `${text}+theirs` }]);
  expect(mine.present).toBe('mine+theirs');
  expect(move(mine, { type: 'undo' }).present).toBe('+theirs');
});

test('an edit that changes nothing leaves nothing to undo', () => {
  expect(run([{ type: 'edit', to: '', at: 0 }]).past).toEqual([]);
});
