import { describe, expect, it } from 'vitest';
import { isAwaited } from './awaited';

describe('a number', () => {
  it('waits for its browser no longer than messages do', () => {
    const since = '2026-11-24T09:00:00Z';
    expect(['2026-11-24T10:14:59Z', '2026-11-24T10:15:00Z'].map((now) => isAwaited(since, Date.parse(now)))).toEqual([true, false]);
  });
});
