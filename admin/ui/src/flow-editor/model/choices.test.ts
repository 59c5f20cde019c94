/** Choices and their labels. */
import { expect, test } from 'vitest';
import type { Document } from './document';
import { labelFor, valueFor, withChoices } from './choices';

const shop: Document = {
  settings: {}, tests: null, places: {}, steps: [{ id: 'ask', step: 'ask_choice', slot: 'size', choices: ['s', 'l'] }],
  wording: { en: { ask: { text: 'Which?', choices: { s: 'Small', l: 'Large' }, also: { l: ['big'] } } }, de: { ask: { choices: { s: 'Klein', l: 'Groß' } } } },
};

test('a new choice has a label in each language, and one that is gone leaves none', () => {
  const changed = withChoices(shop, 'ask', ['s', 'Not sure yet']);
  expect(changed.steps[0]?.choices).toEqual(['s', 'not_sure_yet']);
  expect(changed.wording).toEqual({
    en: { ask: { text: 'Which?', choices: { s: 'Small', not_sure_yet: 'Not sure yet' } } }, de: { ask: { choices: { s: 'Klein', not_sure_yet: 'Not sure yet' } } },
  });
});

test.each([['yes', 'yes', 'Yes'], ['at_once', 'at_once', 'At once'], ['Größer, bitte!', 'gro_er_bitte', 'Größer, bitte!'], ['1-9', '1-9', '1-9']])(
  '%j typed is the value %j with the label %j', (typed, value, label) => {
    expect([valueFor(typed), labelFor(typed)]).toEqual([value, label]);
  },
);

test('what has no letter is no choice', () => {
  expect(withChoices(shop, 'ask', ['s', 'l', '!!']).steps[0]?.choices).toEqual(['s', 'l']);
});
