/** Starts bulk operations, and follows them while a worker is at them. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import { useCommand } from '../api/useCommand';
import { byCursor, rowsOf } from '../look/paging';
import type { BulkOperation, BulkWish, Change, Selection } from './types';

const KEY = ['bulk'] as const;
const LATEST = [...KEY, 'latest'] as const;
const SHOWN = 5; // operations
const PAGE_SIZE = 25; // operations
const WORKING_PERIOD = 1_000; // milliseconds between looks while a worker is at it

export function isWorking({ state }: Pick<BulkOperation, 'state'>): boolean {
  return state === 'waiting' || state === 'running';
}

/** The latest operations; asked for once, and again while one of them goes on. */
export function useBulkOperations() {
  return useQuery({
    queryKey: LATEST,
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/contacts/bulk', { params: { query: { limit: SHOWN } }, signal }))).items,
    refetchInterval: (query) => (query.state.data?.some(isWorking) ? WORKING_PERIOD : false),
  });
}

/** All that are kept, the latest first. */
export function useAllBulk() {
  return useInfiniteQuery({
    queryKey: [...KEY, 'all'],
    ...byCursor((from, signal) => answerOf(client.GET('/api/v1/contacts/bulk', { params: { query: { limit: PAGE_SIZE, ...from } }, signal }))),
    select: rowsOf,
    refetchInterval: (query) => (query.state.data?.pages.some(({ items }) => items.some(isWorking)) ? WORKING_PERIOD : false),
  });
}

/** How many are meant now. */
export function useCountBulk(selection: Selection) {
  return useQuery({
    queryKey: [...KEY, 'count', selection],
    queryFn: async ({ signal }) => (await answerOf(client.POST('/api/v1/contacts/bulk/count', { body: { selection } as Pick<BulkWish, 'selection'>, signal }))).contacts,
    gcTime: 0,
  });
}

export function useStartBulk() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (wish: Change & { selection: Selection }) => answerOf(client.POST('/api/v1/contacts/bulk', { body: wish as BulkWish })),
    // It is followed from the beginning, however quickly it is done.
    onSuccess: (started) => queries.setQueryData<BulkOperation[]>(LATEST, (known) => [started, ...(known ?? [])]),
  });
}

export function useCancelBulk() {
  return useCommand((id: string) => answerOf(client.POST('/api/v1/contacts/bulk/{id}/cancel', { params: { path: { id } } })), KEY);
}

/** The journeys that people can be put into. */
export function useJourneyChoices() {
  return useQuery({
    queryKey: ['journeys', 'choices'],
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/journeys', { signal }))).items,
  });
}
