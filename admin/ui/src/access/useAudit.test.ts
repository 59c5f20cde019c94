import { describe, expect, it } from 'vitest';
import { wanted } from './useAudit';

const ALL = { user_id: '', action: '', subject_kind: '', subject_id: '', since: '', until: '' };

describe('what the audit log is asked for', () => {
  it('is nothing where nothing was chosen', () => {
    expect(wanted({ ...ALL, subject_id: ' ' })).toEqual({});
  });

  it('is a whole day where one day was chosen', () => {
    const { since = '', until = '' } = wanted({ ...ALL, since: '2026-11-28', until: '2026-11-28' });
    expect(Date.parse(until) - Date.parse(since)).toBe(86_400_000);
    expect(new Date(since).getHours()).toBe(0);
  });

  it('keeps what was chosen exactly', () => {
    expect(wanted({ ...ALL, action: 'change_user', subject_kind: 'user' })).toEqual({ action: 'change_user', subject_kind: 'user' });
  });
});
