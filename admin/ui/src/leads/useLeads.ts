/** Loads leads, one page or one person at a time, and keeps them fresh while they are looked at. */
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import type { LeadFilter } from '../api/types';
import { FRESH_PERIOD, byCursor, rowsOf } from '../look/paging';

const PAGE_SIZE = 50; // leads

export function useLeads(filter: LeadFilter) {
  return useInfiniteQuery({
    queryKey: ['leads', filter],
    ...byCursor((from, signal) => answerOf(client.GET('/api/v1/leads', { params: { query: { limit: PAGE_SIZE, ...filter, ...from } }, signal }))),
    select: rowsOf,
    placeholderData: keepPreviousData,
    // Every loaded page is asked for again, so the more there are the longer the pause.
    refetchInterval: (query) => FRESH_PERIOD * Math.max(1, query.state.data?.pages.length ?? 1),
  });
}

export function useLead(id: string) {
  return useQuery({
    queryKey: ['lead', id],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/leads/{id}', { params: { path: { id } }, signal })),
    refetchInterval: FRESH_PERIOD,
  });
}
