/** Consents condensed for the list. */
import { expect, test } from 'vitest';
import { consentFor, summariseConsents } from './consents';

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

test('a no to everything covers what is not named, and only that', () => {
  const consents = [
    { purpose: 'all', channel: 'all', state: 'withdrawn' as const },
    { purpose: 'marketing', channel: 'email', state: 'given' as const },
  ];
  expect(consentFor(consents, 'marketing', 'email')).toBe('given');
  expect(consentFor(consents, 'marketing', 'sms')).toBe('withdrawn');
  expect(consentFor(consents, 'marketing', 'all')).toBe('withdrawn');
});

test('a no on one channel says nothing of another', () => {
  const consents = [{ purpose: 'all', channel: 'sms', state: 'refused' as const }];
  expect(consentFor(consents, 'marketing', 'sms')).toBe('refused');
  expect(consentFor(consents, 'marketing', 'email')).toBeNull();
});

test('a yes never reaches beyond what it names', () => {
  expect(consentFor([{ purpose: 'marketing', channel: 'all', state: 'given' }], 'marketing', 'sms')).toBeNull();
});
