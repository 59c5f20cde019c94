/** Loads follow-ups by pages and keeps them fresh while they are looked at. */
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import type { FollowUpState } from '../api/types';
import { FRESH_PERIOD, withoutRepeats } from '../look/paging';

const PAGE_SIZE = 50; // follow-ups

export function useFollowUps(state: FollowUpState | null) {
  return useInfiniteQuery({
    queryKey: ['follow-ups', state],
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: PAGE_SIZE, ...(state ? { state } : {}), ...(pageParam ? { cursor: pageParam } : {}) };
      return answerOf(client.GET('/api/v1/follow-ups', { params: { query }, signal }));
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    select: ({ pages }) => withoutRepeats(pages.flatMap((page) => page.items)),
    placeholderData: keepPreviousData,
    refetchInterval: (query) => FRESH_PERIOD * Math.max(1, query.state.data?.pages.length ?? 1),
  });
}
