/** What a lead is called. */
import { beforeAll, expect, test } from 'vitest';
import { loadWords } from '../i18n/i18n';
import { initials, leadName, leadSubtitle } from './naming';

beforeAll(() => loadWords('en'));

const nobody = { name: null, email: null, phone: null, company: null, channel: 'web' };

test('a lead is called by the best we know', () => {
  expect(leadName({ ...nobody, name: 'Ada', email: 'a@example.com' })).toBe('Ada');
  expect(leadName({ ...nobody, email: 'a@example.com', phone: '+1' })).toBe('a@example.com');
  expect(leadName({ ...nobody, phone: '+1' })).toBe('+1');
  expect(leadName(nobody)).toBe('Visitor');
});

test('the line below does not repeat the name', () => {
  expect(leadSubtitle({ ...nobody, name: 'Ada', company: 'ACME', email: 'a@example.com', phone: '+1' })).toBe('ACME · a@example.com');
  expect(leadSubtitle({ ...nobody, email: 'a@example.com' })).toBe('Web chat');
});

test.each([['Ada Lovelace', 'AL'], ['Jean-Luc van der Berg', 'JB'], ['ada', 'A'], ['李小龙', '李'], ['<b>', ''], [null, '']])(
  'the initials of %j are %j',
  (name, letters) => expect(initials({ name })).toBe(letters),
);
