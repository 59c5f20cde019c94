/** Loads, makes and revokes API tokens. */
import { useQuery } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import { useCommand } from '../api/useCommand';
import type { NewToken } from './types';

const TOKENS = ['api-tokens'] as const;

export function useTokens() {
  return useQuery({ queryKey: TOKENS, queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/api-tokens', { signal }))).items });
}

export function useCreateToken() {
  return useCommand((body: NewToken) => answerOf(client.POST('/api/v1/api-tokens', { body })), TOKENS);
}

export function useRevokeToken() {
  return useCommand((id: string) => answerOf(client.DELETE('/api/v1/api-tokens/{id}', { params: { path: { id } } })), TOKENS);
}
