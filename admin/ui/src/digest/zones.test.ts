import { describe, expect, it } from 'vitest';
import { listZones } from './zones';

describe('zones', () => {
  it('are offered with the one that is kept, also where the browser calls it otherwise', () => {
    const zones = listZones('Etc/GMT+5');
    expect(zones.map(({ value }) => value)).toContain('Etc/GMT+5');
    expect(zones.find(({ value }) => value === 'America/New_York')?.label).toBe('America/New York');
    expect(new Set(zones.map(({ value }) => value)).size).toBe(zones.length);
  });
});
