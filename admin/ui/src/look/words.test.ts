/** Identifiers in words. */
import i18next from 'i18next';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { loadWords } from '../i18n/i18n';
import { channelName, languageName, methodName, plainWords, purposeName, stageName, valueInWords } from './words';

beforeAll(() => loadWords('en'));
afterEach(async () => { await i18next.changeLanguage('en'); });

test('an identifier becomes plain words', () => {
  expect(plainWords('demo_request/ask-size')).toBe('Demo request / ask size');
});

test('an identifier nobody knows here is shown, not hidden', () => {
  expect(channelName('carrier_pigeon')).toBe('Carrier pigeon');
  expect(methodName('paper_form')).toBe('by paper form');
});

test.each([
  ['chat_choice', 'by a choice in the chat'], ['web_keyword', 'by a stop word, Web chat'], ['sms_chat', 'in own words, SMS'],
])('the method %s reads “%s”', (method, words) => {
  expect(methodName(method)).toBe(words);
});

test('a language tag becomes its name, and nonsense stays what it is', () => {
  expect(languageName('de')).toBe('German');
  expect(languageName('not a tag')).toBe('not a tag');
  expect(languageName('und')).toBe('');
});

test.each([
  [true, 'Yes'], [false, 'No'], [0, '0'], ['', '–'], [null, '–'], [['a', 1], 'a, 1'], [{ a: 1 }, '{"a":1}'],
])('the captured value %j reads “%s”', (value, words) => {
  expect(valueInWords(value)).toBe(words);
});

test('identifiers are said in the language shown, and one that no catalogue knows is shown even then', async () => {
  await i18next.changeLanguage('de');
  expect(stageName('mql')).toBe('Marketing-qualifiziert');
  expect(methodName('web_keyword')).toBe('per Stoppwort, Webchat');
  expect(languageName('en')).toBe('Englisch');
  expect(valueInWords(true)).toBe('Ja');
  expect(purposeName('product_news')).toBe('Product news');
});

test('an identifier cannot reach a word that was meant for something else', () => {
  expect(channelName('look:yes')).toBe('Look:yes');
  expect(channelName('constructor')).toBe('Constructor');
});
