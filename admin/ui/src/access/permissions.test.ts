import { describe, expect, it } from 'vitest';
import { inAreas, toggle } from './permissions';
import type { Permission } from './types';

const ALL: Permission[] = ['audit.read', 'contacts.export', 'contacts.read', 'contacts.write'];

describe('permissions', () => {
  it('stand in a row for each area', () => {
    expect(inAreas(ALL)).toEqual([
      { area: 'audit', read: 'audit.read', write: null, others: [] },
      { area: 'contacts', read: 'contacts.read', write: 'contacts.write', others: ['contacts.export'] },
    ]);
  });

  it('to change bring the one to see along', () => {
    expect(toggle([], 'contacts.write', ALL)).toEqual(['contacts.read', 'contacts.write']);
  });

  it('to see take all others of the area along when they go', () => {
    expect(toggle(['audit.read', 'contacts.export', 'contacts.read', 'contacts.write'], 'contacts.read', ALL)).toEqual(['audit.read']);
  });

  it('go alone otherwise', () => {
    expect(toggle(['contacts.read', 'contacts.write'], 'contacts.write', ALL)).toEqual(['contacts.read']);
  });
});
