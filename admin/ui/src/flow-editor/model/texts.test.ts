/** Sentences, one a line. */
import { describe, expect, test } from 'vitest';
import { linesOf } from './texts';

describe('sentences of a text', () => {
  test('are its lines, without the empty ones and what stands around them', () => {
    expect(linesOf(' I want it \n\n\r\nsign me up\r\n')).toEqual(['I want it', 'sign me up']);
    expect(linesOf(' \n')).toEqual([]);
  });
});
