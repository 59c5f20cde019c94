/** Consents condensed for the list. */
import { expect, test } from 'vitest';
import { summariseConsents } from './consents';

test('the same answer for several purposes is one line', () => {
  const lines = summariseConsents([
    { purpose: 'follow_up', channel: 'email', state: 'given' },
    { purpose: 'product_news', channel: 'email', state: 'given' },
  ]);
  expect(lines).toMatchObject([{ label: 'E-mail given', purposes: 'Follow up, Product news' }]);
});

test('a yes is never shown without saying for what, once the same channel also has a no', () => {
  const lines = summariseConsents([
    { purpose: 'follow_up', channel: 'email', state: 'given' },
    { purpose: 'product_news', channel: 'email', state: 'refused' },
    { purpose: 'follow_up', channel: 'sms', state: 'withdrawn' },
  ]);
  expect(lines.map(({ label }) => label)).toEqual(['Follow up: E-mail given', 'Product news: E-mail refused', 'SMS withdrawn']);
});

test('what was never asked is left out', () => {
  expect(summariseConsents([{ purpose: 'follow_up', channel: 'sms', state: 'none' }])).toEqual([]);
});
