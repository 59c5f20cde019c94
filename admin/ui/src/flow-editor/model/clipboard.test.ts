/** Copying steps within a flow and from one into another. */
import { expect, test } from 'vitest';
import type { Document } from './document';
import { copySteps, pasteSteps, readClip } from './clipboard';

const shop: Document = {
  settings: { slots: { size: { type: 'choice', label: 'size' }, email: { type: 'email', label: 'e-mail' } } },
  steps: [
    { id: 'ask', step: 'ask_choice', slot: 'size', choices: ['s', 'l'], no_reply_after: { wait: '1 day', to: 'late' } },
    { id: 'fork', step: 'branch', next: [{ if: { slot: 'size', op: 'is', value: 's' }, to: 'ask' }, { to: 'late' }] },
    { id: 'late', step: 'end' },
  ],
  wording: { en: { ask: { text: 'Which?' } }, de: { ask: { text: 'Welche?' } } },
  tests: null,
  places: {},
};

test('pasted in the same flow they get names of their own, and ways among them stay among them', () => {
  const { document, added } = pasteSteps(shop, readClip(copySteps(shop, new Set(['ask', 'fork'])))!);
  expect(added).toEqual(['ask_2', 'fork_2']);
  expect(document.steps.at(-1)?.next).toEqual([{ if: { slot: 'size', op: 'is', value: 's' }, to: 'ask_2' }, { to: 'late' }]);
  expect(document.wording.de?.ask_2).toEqual({ text: 'Welche?' });
});

test('pasted into another flow they bring their slots and words, and leave ways to steps that are not there', () => {
  const other: Document = { settings: {}, steps: [{ id: 'end', step: 'end' }], wording: { en: {} }, tests: null, places: {} };
  const { document } = pasteSteps(other, readClip(copySteps(shop, new Set(['ask'])))!);
  expect(document.settings.slots).toEqual({ size: { type: 'choice', label: 'size' } });
  expect(document.steps.at(-1)).toEqual({ id: 'ask', step: 'ask_choice', slot: 'size', choices: ['s', 'l'] });
  expect(document.wording).toEqual({ en: { ask: { text: 'Which?' } } });
});

test.each(['', 'hello', '{"steps":[]}', '{"parley/steps":1,"steps":[]}', '{"parley/steps":1,"steps":[{"id":1}]}', 'null'])(
  '%j is no copy of steps', (text) => {
    expect(readClip(text)).toBeNull();
  },
);
