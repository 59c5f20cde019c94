import { describe, expect, it } from 'vitest';
import { fieldNameFor, typeOf } from './files';

describe('a file', () => {
  it('is known by the end of its name', () => {
    expect(typeOf('People.CSV')).toBe('text/csv');
    expect(typeOf('people.2026.xlsx')).toContain('spreadsheetml');
    expect(typeOf('people.xls')).toBeNull();
    expect(typeOf('people')).toBeNull();
  });
});

describe('the field for a heading', () => {
  it('has only letters, digits and lines, and begins with a letter', () => {
    expect(fieldNameFor('Shoe size (EU)')).toBe('shoe_size_eu');
    expect(fieldNameFor('Größe')).toBe('gro_e');
    expect(fieldNameFor('2nd phone')).toBe('nd_phone');
    expect(fieldNameFor('电话')).toBe('');
  });
});
