/** The states of a follow-up in words. */
import i18next from 'i18next';
import { beforeAll, expect, test } from 'vitest';
import { LANGUAGES, loadWords } from '../i18n/i18n';
import { meaningOf, stateLook, stateName, STATES } from './states';

beforeAll(async () => {
  await loadWords('en');
  await i18next.loadNamespaces('follow_ups');
});

test.each(Object.keys(LANGUAGES))('every state has a name and a meaning of its own in %s', async (language) => {
  await i18next.changeLanguage(language);
  const said = Object.keys(STATES).flatMap((state) => [stateName(state), meaningOf(state, 'email')]);
  expect(said.filter((words) => words === '')).toEqual([]);
  expect(new Set(said).size).toBe(said.length);
});

test('what our own chat took needs no provider', async () => {
  await i18next.changeLanguage('en');
  expect(meaningOf('accepted', 'web')).toContain('Stands in the conversation');
  expect(meaningOf('accepted', 'sms')).toContain('provider');
});

test('a state that is newer than these pages is shown by its plain name', () => {
  expect(stateName('put_aside')).toBe('Put aside');
  expect(meaningOf('put_aside', 'web')).toBe('');
  expect(stateLook('put_aside').tone).toBe('plain');
});
