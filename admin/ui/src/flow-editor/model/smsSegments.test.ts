/** Segments as the server counts them: the same texts stand in tests/bot/test_segments.py. */
import { expect, test } from 'vitest';
import { readSegments, toPlainSigns } from './smsSegments';

test.each([
  ['', 0, 'GSM-7', 0],
  ['a'.repeat(160), 1, 'GSM-7', 160],
  ['a'.repeat(161), 2, 'GSM-7', 161],
  ['a'.repeat(306), 2, 'GSM-7', 306],
  ['a'.repeat(307), 3, 'GSM-7', 307],
  ['€'.repeat(80), 1, 'GSM-7', 160],
  ['’'.repeat(70), 1, 'UCS-2', 70],
  ['’'.repeat(71), 2, 'UCS-2', 71],
] as const)('%j is %i messages in %s', (text, count, encoding, units) => {
  expect(readSegments(text)).toMatchObject({ count, encoding, units });
});

test('a sign of two units is never cut in two', () => {
  // 152 septets leave one of 153, in which no € has room.
  expect(readSegments(`${'a'.repeat(152)}€${'a'.repeat(152)}`)).toMatchObject({ count: 3, units: 306 });
  expect(readSegments('😀'.repeat(36)).units).toBe(72);
});

test('what makes it UCS-2 is named once each, and print is sent in plain signs', () => {
  expect(readSegments('it’s “it’s”').wide).toEqual(['’', '“', '”']);
  expect(toPlainSigns('it’s “it” – …')).toBe('it\'s "it" - ...');
  expect(readSegments(toPlainSigns('it’s – “it”')).encoding).toBe('GSM-7');
});

test('the room that is left is that of the last message', () => {
  expect(readSegments('a'.repeat(150)).left).toBe(10);
  expect(readSegments('a'.repeat(300)).left).toBe(6);
});
