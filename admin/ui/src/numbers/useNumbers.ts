/** The period and what figures are told by, kept in the address, and the figures themselves. */
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useSearchParams } from 'react-router';
import { answerOf, client } from '../api/client';
import type { By, Table } from './types';

export const PERIODS = [7, 30, 90, 365] as const; // days
export const WAYS = ['channel', 'flow', 'journey'] as const;
const USUAL = 30;
const DAY = 86_400_000; // milliseconds
const KEY = 'numbers';

export interface View {
  days: number;
  by: By;
  /** What messages are told by: none belongs to a flow. */
  sentBy: 'channel' | 'journey';
  since: string;
  change: (changed: Partial<Pick<View, 'days' | 'by'>>) => void;
  file: (table: Table) => string;
}

export function useView(): View {
  const [search, setSearch] = useSearchParams();
  const days = PERIODS.find((one) => String(one) === search.get('days')) ?? USUAL;
  const by = WAYS.find((one) => one === search.get('by')) ?? 'channel';
  const since = useMemo(() => new Date(Date.now() - days * DAY).toISOString(), [days]);
  const sentBy = by === 'flow' ? 'channel' : by;
  return {
    days, by, sentBy, since,
    change: (changed) => setSearch({ days: String(changed.days ?? days), by: changed.by ?? by }, { replace: true }),
    file: (table) => `/api/v1/numbers/table?${new URLSearchParams({ table, since, by: table === 'costs' || table === 'deliveries' ? sentBy : by })}`,
  };
}

export function useFunnel({ since, by }: View) {
  return useQuery({
    queryKey: [KEY, 'funnel', since, by],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/numbers/funnel', { params: { query: { since, by } }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function useScoreFigures({ since }: View) {
  return useQuery({
    queryKey: [KEY, 'scores', since],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/numbers/scores', { params: { query: { since } }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function useRevenue({ since, by }: View) {
  return useQuery({
    queryKey: [KEY, 'revenue', since, by],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/numbers/revenue', { params: { query: { since, by } }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function useCosts({ since, sentBy: by }: View) {
  return useQuery({
    queryKey: [KEY, 'costs', since, by],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/numbers/costs', { params: { query: { since, by } }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function useDeliveries({ since, sentBy: by }: View) {
  return useQuery({
    queryKey: [KEY, 'deliveries', since, by],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/numbers/deliveries', { params: { query: { since, by } }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function useAnswerTimes({ days }: View) {
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
