/** Loads channels with what they need and their accounts; brings accounts in, tries them and lets go of them. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import type { Answer, Done, Sent } from '../api/types';

export type Channel = Answer<'/api/v1/channels'>['items'][number];
export type ChannelField = Channel['fields'][number];
export type Account = Channel['accounts'][number];
export type Finding = Done<'/api/v1/channel-accounts/{id}/check', 'post'>['findings'][number];
export type AccountWish = Sent<'/api/v1/channel-accounts', 'post'>;

const KEY = ['channels'] as const;

export function useChannels() {
  return useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/channels', { signal }))).items,
  });
}

export function useSaveAccount() {
  return useStep((body: AccountWish) => answerOf(client.POST('/api/v1/channel-accounts', { body })));
}

export function useTry(id: string, step: 'check' | 'webhook') {
  return useStep(() => answerOf(client.POST(`/api/v1/channel-accounts/{id}/${step}`, { params: { path: { id } } })));
}

export function useDisable(id: string) {
  return useStep(() => answerOf(client.DELETE('/api/v1/channel-accounts/{id}', { params: { path: { id } } })));
}

function useStep<Body, Made>(send: (body: Body) => Promise<Made>) {
  const queries = useQueryClient();
  return useMutation({ mutationFn: send, onSuccess: () => queries.invalidateQueries({ queryKey: KEY }) });
}
