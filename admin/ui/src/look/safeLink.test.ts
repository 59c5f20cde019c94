/** Which addresses may become links. */
import { expect, test } from 'vitest';
import { safeLink, shortAddress } from './safeLink';

test.each(['https://example.com/pricing', 'http://example.com/'])('%s may be a link', (address) => {
  expect(safeLink(address)).toBe(address);
});

test.each([
  'javascript:alert(1)', ' JaVaScRiPt:alert(1)', 'java\nscript:alert(1)', 'data:text/html,<script>', 'vbscript:x', 'file:///etc/passwd',
  '/relative', '//example.com', '', null, undefined,
])('%j is never a link', (address) => {
  expect(safeLink(address)).toBeNull();
});

test('a page address is shown without scheme, query and bare slash', () => {
  expect(shortAddress('https://shop.example/pricing?utm=1#top')).toBe('shop.example/pricing');
  expect(shortAddress('https://shop.example/')).toBe('shop.example');
  expect(shortAddress('not an address')).toBe('not an address');
});
