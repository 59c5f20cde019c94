/** Loads, makes and revokes API tokens. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import type { NewToken } from './types';

const TOKENS = ['api-tokens'] as const;

export function useTokens() {
  return useQuery({ queryKey: TOKENS, queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/api-tokens', { signal }))).items });
}

export function useCreateToken() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: NewToken) => answerOf(client.POST('/api/v1/api-tokens', { body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: TOKENS }),
  });
}

export function useRevokeToken() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => answerOf(client.DELETE('/api/v1/api-tokens/{id}', { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: TOKENS }),
  });
}
