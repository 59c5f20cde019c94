/** Loads the talks of a view, one talk, and its messages; the live stream says when to look again. */
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import { byCursor, rowsOf } from '../look/paging';
import type { View } from './types';

const PAGE_SIZE = 50; // talks, and messages
const LOOK_AGAIN = 30_000; // milliseconds: what the stream did not tell is seen by then

export const INBOX_KEY = ['inbox'] as const;

export interface TalkFilter {
  view: View;
  q?: string;
}

export function useTalks(filter: TalkFilter) {
  return useInfiniteQuery({
    queryKey: [...INBOX_KEY, 'talks', filter],
    ...byCursor((from, signal) => answerOf(client.GET('/api/v1/conversations', { params: { query: { limit: PAGE_SIZE, ...filter, ...from } }, signal }))),
    select: rowsOf,
    placeholderData: keepPreviousData,
    refetchInterval: LOOK_AGAIN,
  });
}

export function useTalk(id: string) {
  return useQuery({
    queryKey: [...INBOX_KEY, 'talk', id],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/conversations/{id}', { params: { path: { id } }, signal })),
    refetchInterval: LOOK_AGAIN,
  });
}

export function useMessages(id: string) {
  return useInfiniteQuery({
    queryKey: [...INBOX_KEY, 'messages', id],
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: PAGE_SIZE, ...(pageParam === null ? {} : { before: pageParam }) };
      return answerOf(client.GET('/api/v1/conversations/{id}/messages', { params: { path: { id }, query }, signal }));
    },
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.before,
    // Pages come the latest first; each holds its messages oldest first.
    select: ({ pages }) => rowsOf({ pages: pages.toReversed() }),
    refetchInterval: LOOK_AGAIN,
  });
}

export function useCounts() {
  return useQuery({
    queryKey: [...INBOX_KEY, 'counts'],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/inbox/counts', { signal })),
    refetchInterval: LOOK_AGAIN,
  });
}

export function useFilledReplies(id: string, enabled: boolean) {
  return useQuery({
    queryKey: [...INBOX_KEY, 'filled', id],
    queryFn: ({ signal }) =>
      answerOf(client.GET('/api/v1/conversations/{id}/canned-replies', { params: { path: { id } }, signal })),
    enabled,
  });
}

export function useSuggestions(id: string, enabled: boolean) {
  return useQuery({
    queryKey: [...INBOX_KEY, 'suggestions', id],
    queryFn: ({ signal }) =>
      answerOf(client.GET('/api/v1/conversations/{id}/suggestions', { params: { path: { id } }, signal })),
    enabled,
  });
}

export function useTeams() {
  return useQuery({
    queryKey: [...INBOX_KEY, 'teams'],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/inbox/teams', { signal })),
    select: ({ items }) => items,
  });
}

export function useColleagues() {
  return useQuery({
    queryKey: [...INBOX_KEY, 'colleagues'],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/inbox/colleagues', { signal })),
    select: ({ items }) => items,
  });
}
