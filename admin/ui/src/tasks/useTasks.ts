/** Loads what colleagues are to do, and ticks it off. */
import { useQuery } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import type { Answer } from '../api/types';
import { useCommand } from '../api/useCommand';
import { FRESH_PERIOD } from '../look/paging';

export type Task = Answer<'/api/v1/tasks'>['items'][number];

const KEY = ['tasks'] as const;
export const MOST = 200; // tasks that are shown, the oldest first

export function useTasks() {
  return useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/tasks', { params: { query: { limit: MOST } }, signal }))).items,
    refetchInterval: FRESH_PERIOD * 2,
  });
}

export function useFinish() {
  return useCommand((id: string) => answerOf(client.POST('/api/v1/tasks/{id}/done', { params: { path: { id } } })), KEY);
}
