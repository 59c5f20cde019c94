/** Loads what sends events and the kinds there are; makes, revokes, adds and removes. */
import { useQuery } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import { useCommand } from '../api/useCommand';
import type { NewKind, NewSource } from './types';

const SOURCES = ['event-sources'] as const;
const KINDS = ['event-kinds'] as const;

export function useSources() {
  return useQuery({ queryKey: SOURCES, queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/event-sources', { signal }))).items });
}

export function useMakeSource() {
  return useCommand((body: NewSource) => answerOf(client.POST('/api/v1/event-sources', { body })), SOURCES);
}

export function useRevokeSource(id: string) {
  return useCommand(() => answerOf(client.DELETE('/api/v1/event-sources/{id}', { params: { path: { id } } })), SOURCES);
}

/** The kinds that were added beside the shipped ones. */
export function useOwnKinds() {
  return useQuery({
    queryKey: KINDS,
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/event-kinds', { signal }))).items,
    select: (kinds) => kinds.filter(({ shipped }) => !shipped),
  });
}

export function useAddKind() {
  return useCommand((body: NewKind) => answerOf(client.POST('/api/v1/event-kinds', { body })), KINDS);
}

export function useRemoveKind(name: string) {
  return useCommand(() => answerOf(client.DELETE('/api/v1/event-kinds', { params: { query: { name } } })), KINDS);
}
