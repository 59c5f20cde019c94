/** Loads follow-ups by pages and keeps them fresh while they are looked at. */
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import type { FollowUpState } from '../api/types';
import { FRESH_PERIOD, byCursor, rowsOf } from '../look/paging';

const PAGE_SIZE = 50; // follow-ups

export function useFollowUps(state: FollowUpState | null) {
  return useInfiniteQuery({
    queryKey: ['follow-ups', state],
    ...byCursor((from, signal) => answerOf(client.GET('/api/v1/follow-ups', { params: { query: { limit: PAGE_SIZE, ...(state ? { state } : {}), ...from } }, signal }))),
    select: rowsOf,
    placeholderData: keepPreviousData,
    refetchInterval: (query) => FRESH_PERIOD * Math.max(1, query.state.data?.pages.length ?? 1),
  });
}
