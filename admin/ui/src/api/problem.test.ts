/** Errors in words, from every kind of unhappy answer. */
import { beforeAll, expect, test } from 'vitest';
import { loadWords } from '../i18n/i18n';
import { asAPIError, toAPIError, unreachable } from './problem';

beforeAll(() => loadWords('en'));

test('a problem document gives its words, its code and one message a field', () => {
  const problem = {
    type: 'about:blank', title: 'Some fields are not valid', status: 422, detail: 'See below', code: 'invalid',
    errors: [{ field: 'email', message: 'Takes no mail.' }, { field: 3 }, 'nonsense'],
  };
  const error = toAPIError(422, problem, null);
  expect(error).toMatchObject({ status: 422, code: 'invalid', title: 'Some fields are not valid', detail: 'See below' });
  expect(error.fields).toEqual({ email: 'Takes no mail.' });
});

test.each([['<html>bad gateway</html>'], [undefined], [null], [[1, 2]], [{ title: 7 }]])('the body %j gives plain words', (body) => {
  const error = toAPIError(502, body, null);
  expect(error.title).toBe('The server could not answer');
  expect(error.detail).toContain('Try again');
});

test('Retry-After is read in seconds, and as nothing when it is a date', () => {
  expect(toAPIError(429, {}, '30').retryAfterSeconds).toBe(30);
  expect(toAPIError(429, {}, 'Wed, 21 Oct 2026 07:28:00 GMT').retryAfterSeconds).toBeNull();
});

test('an APIError stays itself and anything else thrown becomes one', () => {
  const error = unreachable();
  expect(asAPIError(error)).toBe(error);
  expect(asAPIError(new Error('x is undefined')).detail).toBe('x is undefined');
  expect(asAPIError('odd').title).not.toBe('');
});
