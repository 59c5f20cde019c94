/** The period and what figures are told by, kept in the address, and the figures themselves. */
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useSearchParams } from 'react-router';
import { answerOf, client } from '../api/client';
import { momentsOf, readPeriod, writePeriod, type Period, type Within } from './period';
import type { By, Files, Table } from './types';

export const WAYS = ['channel', 'flow', 'journey'] as const;
const KEY = 'numbers';

export interface View {
  period: Period;
  by: By;
  /** What messages are told by: none belongs to a flow. */
  sentBy: 'channel' | 'journey';
  /** The period's moments, as the API takes them. */
  within: Within;
  change: (changed: { period?: Period; by?: By }) => void;
  file: (table: Table) => Files;
}

export function useView(): View {
  const [search, setSearch] = useSearchParams();
  const [days, from, to] = [search.get('days'), search.get('from'), search.get('to')];
  const period = useMemo(() => readPeriod({ days, from, to }), [days, from, to]);
  const by = WAYS.find((one) => one === search.get('by')) ?? 'channel';
  const within = useMemo(() => momentsOf(period, new Date()), [period]);
  const sentBy = by === 'flow' ? 'channel' : by;
  const file = (table: Table, format: string) =>
    `/api/v1/numbers/table?${new URLSearchParams({ table, ...within, by: table === 'costs' || table === 'deliveries' ? sentBy : by, format })}`;
  return {
    period, by, sentBy, within,
    change: (changed) => setSearch({ ...writePeriod(changed.period ?? period), by: changed.by ?? by }, { replace: true }),
    file: (table) => ({ csv: file(table, 'csv'), parquet: file(table, 'parquet') }),
  };
}

export function useFunnel({ within, by }: View) {
  return useQuery({
    queryKey: [KEY, 'funnel', within, by],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/numbers/funnel', { params: { query: { ...within, by } }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function useScoreFigures({ within }: View) {
  return useQuery({
    queryKey: [KEY, 'scores', within],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/numbers/scores', { params: { query: within }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function useRevenue({ within, by }: View) {
  return useQuery({
    queryKey: [KEY, 'revenue', within, by],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/numbers/revenue', { params: { query: { ...within, by } }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function useCosts({ within, sentBy: by }: View) {
  return useQuery({
    queryKey: [KEY, 'costs', within, by],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/numbers/costs', { params: { query: { ...within, by } }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function useDeliveries({ within, sentBy: by }: View) {
  return useQuery({
    queryKey: [KEY, 'deliveries', within, by],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/numbers/deliveries', { params: { query: { ...within, by } }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function useAnswerTimes(days: number) {
  return useQuery({
    queryKey: [KEY, 'answers', days],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/inbox/figures', { params: { query: { days } }, signal })),
    placeholderData: keepPreviousData,
  });
}

/** What each journey brings of which a share is held back. */
export function useLifts() {
  const journeys = useQuery({
    queryKey: [KEY, 'journeys'],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/journeys', { signal })),
  });
  const held = journeys.data?.items.filter(({ holdout_percent: percent }) => percent > 0) ?? [];
  const lifts = useQueries({
    queries: held.map(({ journey }) => ({
      queryKey: [KEY, 'lift', journey],
      queryFn: ({ signal }: { signal: AbortSignal }) => answerOf(client.GET('/api/v1/journeys/lift', { params: { query: { journey } }, signal })),
    })),
  });
  return {
    isPending: journeys.isPending || lifts.some((one) => one.isPending),
    error: journeys.error ?? lifts.find((one) => one.error)?.error ?? null,
    isFetching: journeys.isFetching || lifts.some((one) => one.isFetching),
    refetch: () => { void journeys.refetch(); lifts.forEach((one) => void one.refetch()); },
    data: lifts.flatMap((one) => (one.data ? [one.data] : [])),
  };
}
