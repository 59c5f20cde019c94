/** Loads the audit log, a page at a time. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import { byCursor, rowsOf } from '../look/paging';

const PAGE_SIZE = 50; // entries

/** An empty text asks for all. `since` and `until` are days, the last one included. */
export interface AuditFilter {
  user_id: string;
  action: string;
  subject_kind: string;
  subject_id: string;
  since: string;
  until: string;
}

export function useAudit(filter: AuditFilter) {
  return useInfiniteQuery({
    queryKey: ['audit', filter],
    ...byCursor((from, signal) => answerOf(client.GET('/api/v1/audit', { params: { query: { limit: PAGE_SIZE, ...wanted(filter), ...from } }, signal }))),
    select: rowsOf,
  });
}

export function useAuditNames() {
  return useQuery({ queryKey: ['audit', 'names'], queryFn: ({ signal }) => answerOf(client.GET('/api/v1/audit/names', { signal })) });
}

/** What of a filter is sent: days become moments of the reader's own time zone. */
export function wanted({ since, until, ...exact }: AuditFilter): Record<string, string> {
  const asked: Record<string, string> = { ...exact };
  if (since) asked.since = startOf(since, 0);
  if (until) asked.until = startOf(until, 1);
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value.trim() !== ''));
}

function startOf(day: string, daysLater: number): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  return new Date(year, month - 1, date + daysLater).toISOString();
}
