/** The way back after the log-in never leads outside. */
import { expect, test } from 'vitest';
import { logInPath, returnPath } from './returnPath';

test.each(['/leads/1?q=a#message-2', '/follow-ups?state=skipped', '/leads'])('the reader comes back to %s', (path) => {
  const next = new URL(logInPath(path), 'https://parley.example').searchParams.get('next');
  expect(returnPath(next)).toBe(path);
});

test.each(['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)', '/login?next=/login', '/setup', '/', '', null])(
  '%j leads to the first page instead',
  (next) => expect(returnPath(next)).toBe('/'),
);
