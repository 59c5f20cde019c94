/** Starts bulk operations, and follows them while a worker is at them. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import { useCommand } from '../api/useCommand';
import type { BulkOperation, BulkWish, Change, Selection } from './types';

const KEY = ['bulk'] as const;
const SHOWN = 5; // operations
const WORKING_PERIOD = 1_000; // milliseconds between looks while a worker is at it

export function isWorking({ state }: Pick<BulkOperation, 'state'>): boolean {
  return state === 'waiting' || state === 'running';
}

/** The latest operations; asked for once, and again while one of them goes on. */
export function useBulkOperations() {
  return useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/contacts/bulk', { params: { query: { limit: SHOWN } }, signal }))).items,
    refetchInterval: (query) => (query.state.data?.some(isWorking) ? WORKING_PERIOD : false),
  });
}

export function useStartBulk() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (wish: Change & { selection: Selection }) => answerOf(client.POST('/api/v1/contacts/bulk', { body: wish as BulkWish })),
    // It is followed from the beginning, however quickly it is done.
    onSuccess: (started) => queries.setQueryData<BulkOperation[]>(KEY, (known) => [started, ...(known ?? [])]),
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
