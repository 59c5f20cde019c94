import { describe, expect, it } from 'vitest';
import { healthOf } from './health';

const MOMENT = '2026-11-28T10:00:00Z';

describe('how a webhook does', () => {
  it('is off before it is anything else', () => {
    expect(healthOf({ enabled: false, failing_since: MOMENT, last_at: MOMENT })).toBe('off');
  });

  it('is failing as long as nothing went well since', () => {
    expect(healthOf({ enabled: true, failing_since: MOMENT, last_at: MOMENT })).toBe('failing');
  });

  it('is not known before anything was sent', () => {
    expect([null, MOMENT].map((last_at) => healthOf({ enabled: true, failing_since: null, last_at }))).toEqual(['untried', 'works']);
  });
});
