/** Consents condensed for the list. */
import i18next from 'i18next';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { loadWords } from '../i18n/i18n';
import { consentFor, summariseConsents } from './consents';

beforeAll(() => loadWords('en'));
afterEach(async () => { await i18next.changeLanguage('en'); });

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

test('the line is a phrase of the language shown', async () => {
  await i18next.changeLanguage('fr');
  expect(summariseConsents([
    { purpose: 'marketing', channel: 'email', state: 'given' },
    { purpose: 'service', channel: 'email', state: 'refused' },
  ]).map(({ label }) => label)).toEqual(['Marketing : E-mail accepté', 'Service : E-mail refusé']);
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
