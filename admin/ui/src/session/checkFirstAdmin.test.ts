/** The first admin's fields before they are sent. */
import { expect, test } from 'vitest';
import { checkFirstAdmin } from './checkFirstAdmin';

const good = { token: 't', name: 'Ada', email: 'ada@example.com', password: 'twelve chars' };

test('good fields have nothing against them', () => {
  expect(checkFirstAdmin(good)).toEqual({});
});

test.each([
  ['token', ' '], ['name', ''], ['email', 'ada'], ['email', 'a da@example.com'], ['password', 'eleven char'],
] as const)('a %s of %j is refused', (field, value) => {
  expect(Object.keys(checkFirstAdmin({ ...good, [field]: value }))).toEqual([field]);
});

test('a password is counted in characters: six emoji are six', () => {
  expect(checkFirstAdmin({ ...good, password: '🦊🦊🦊🦊🦊🦊' })).toHaveProperty('password');
});
