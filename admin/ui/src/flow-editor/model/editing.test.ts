/** Changes of a document: what hangs on a step comes along, and nothing else changes where it goes on to. */
import { describe, expect, test } from 'vitest';
import type { Document, Step } from './document';
import { addStep, connect, freeName, removeSteps, renameStep } from './editing';
import { waysOf } from './ways';

function documentOf(steps: Step[]): Document {
  return { settings: {}, steps, wording: { en: Object.fromEntries(steps.map(({ id }) => [id, { text: id }])) }, tests: null, places: {} };
}

const line = () => documentOf([
  { id: 'hello', step: 'message' },
  { id: 'ask', step: 'ask_email', slot: 'email', no_reply_after: { wait: '1 hour', to: 'late' } },
  { id: 'done', step: 'end' },
  { id: 'late', step: 'end', outcome: 'no_reply' },
]);

/** Where each step leads, in the order of its ways. */
function leads(document: Document): Record<string, string[]> {
  return Object.fromEntries([...waysOf(document.steps)].map(([id, ways]) => [id, ways.map((way) => way.to)]));
}

describe('a step that is added', () => {
  test('after another stands between that and the one that followed', () => {
    expect(leads(addStep(line(), { step: { id: 'thanks', step: 'message' } }, 'ask'))).toEqual({
      hello: ['ask'], ask: ['thanks', 'late'], thanks: ['done'], done: [], late: [],
    });
  });

  test('after one that names where it goes on takes that over', () => {
    const jumping = connect(line(), 'hello', ['next'], 'done');
    expect(leads(addStep(jumping, { step: { id: 'more', step: 'message' } }, 'hello'))).toMatchObject({ hello: ['more'], more: ['done'] });
  });

  test('on a side way leaves the main way as it was', () => {
    const added = addStep(line(), { step: { id: 'remind', step: 'message' } }, 'ask', ['no_reply_after', 'to']);
    expect(leads(added)).toEqual({ hello: ['ask'], ask: ['done', 'remind'], remind: ['late'], done: [], late: [] });
  });

  test('brings its words, slot and place', () => {
    const added = addStep(line(), {
      step: { id: 'name', step: 'ask_text', slot: 'name' }, wording: { en: { text: 'Who are you?' } },
      slots: { name: { type: 'text', label: 'name' } }, place: { x: 1, y: 2 },
    }, 'hello');
    expect(added.wording.en?.name).toEqual({ text: 'Who are you?' });
    expect(added.settings.slots).toEqual({ name: { type: 'text', label: 'name' } });
    expect(added.places.name).toEqual({ x: 1, y: 2 });
  });

  test('that begins a journey stands with the others that do', () => {
    const journey = documentOf([{ id: 'in', step: 'on_event', kind: 'order' }, { id: 'out', step: 'exit' }]);
    const added = addStep(journey, { step: { id: 'by_hand', step: 'manual_or_api' } }, 'out');
    expect(added.steps.map(({ id }) => id)).toEqual(['in', 'by_hand', 'out']);
    expect(leads(added)).toEqual({ in: ['out'], by_hand: ['out'], out: [] });
  });
});

describe('a step that is taken away', () => {
  test('leaves what led to it leading on to where it went', () => {
    const bent = connect(line(), 'ask', ['next'], 'late');
    expect(leads(removeSteps(bent, ['ask']))).toEqual({ hello: ['late'], done: [], late: [] });
  });

  test('takes its words along and a way that has nowhere left to go', () => {
    const left = removeSteps(line(), ['late']);
    expect(left.wording.en).not.toHaveProperty('late');
    expect(left.steps.find(({ id }) => id === 'ask')).not.toHaveProperty('no_reply_after');
  });

  test('is never the last one', () => {
    const one = documentOf([{ id: 'only', step: 'end' }]);
    expect(removeSteps(one, ['only'])).toBe(one);
  });
});

test('a new name is taken everywhere the step is named', () => {
  const renamed = renameStep(connect(line(), 'hello', ['next'], 'late'), 'late', 'silent');
  expect(leads(renamed)).toEqual({ hello: ['silent'], ask: ['done', 'silent'], done: [], silent: [] });
  expect(renamed.wording.en?.silent).toEqual({ text: 'late' });
});

test('another way from a branch is asked before the last one, which has no condition', () => {
  const branching = documentOf([
    { id: 'fork', step: 'branch', next: [{ if: { slot: 'a', op: 'known' }, to: 'x' }, { to: 'y' }] }, { id: 'x', step: 'end' }, { id: 'y', step: 'end' },
  ]);
  const more = connect(branching, 'fork', ['next', 'add'], 'x');
  expect(leads(more).fork).toEqual(['x', 'x', 'y']);
  expect(more.steps[0]?.next).toHaveLength(3);
  expect((more.steps[0]?.next as unknown[]).at(-1)).toEqual({ to: 'y' });
});

test.each([['Ask e-mail', [], 'ask_e_mail'], ['ask', ['ask'], 'ask_2'], ['ask_2', ['ask_2', 'ask_3'], 'ask_4'], ['12', [], 'step']])(
  'the name wanted as %j beside %j is %j', (wanted, taken, name) => {
    expect(freeName(wanted, taken)).toBe(name);
  },
);
