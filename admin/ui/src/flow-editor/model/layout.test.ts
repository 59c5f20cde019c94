/** Automatic places. */
import { expect, test } from 'vitest';
import type { Step } from './document';
import { layOut, STEP_HEIGHT, STEP_WIDTH } from './layout';

const steps: Step[] = [
  { id: 'ask', step: 'ask_choice', slot: 's', choices: ['a', 'b'], no_reply_after: { wait: '1 day', to: 'late' } },
  { id: 'fork', step: 'branch', next: [{ if: { slot: 's', op: 'is', value: 'a' }, to: 'one' }, { to: 'two' }] },
  { id: 'one', step: 'message', next: 'ask' },
  { id: 'two', step: 'end' },
  { id: 'late', step: 'end' },
  { id: 'alone', step: 'end' },
];

test('steps stand below those that lead to them, and none upon another, loops and lost steps included', async () => {
  const places = await layOut(steps);
  expect(Object.keys(places).sort()).toEqual(steps.map(({ id }) => id).sort());
  expect(places.fork!.y).toBeGreaterThan(places.ask!.y);
  expect(places.two!.y).toBeGreaterThan(places.fork!.y);
  const all = Object.values(places);
  const onEachOther = all.flatMap((one, index) => all.slice(index + 1).filter((other) => Math.abs(one.x - other.x) < STEP_WIDTH && Math.abs(one.y - other.y) < STEP_HEIGHT));
  expect(onEachOther).toEqual([]);
});

test('three hundred steps with side ways are all placed', async () => {
  const many: Step[] = Array.from({ length: 300 }, (_, index) => ({
    id: `s${index}`, step: 'ask_text', slot: 's', ...(index % 7 === 0 && index < 290 ? { no_reply_after: { wait: '1 day', to: `s${index + 5}` } } : {}),
  }));
  expect(Object.keys(await layOut(many))).toHaveLength(300);
});
