/** Loads channels with what they need and their accounts; brings accounts in, tries them and lets go of them. */
import { useQuery } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import type { Answer, Done, Sent } from '../api/types';
import { useCommand } from '../api/useCommand';

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
  return useCommand((body: AccountWish) => answerOf(client.POST('/api/v1/channel-accounts', { body })), KEY);
}

export function useTry(id: string, step: 'check' | 'webhook') {
  return useCommand(() => answerOf(client.POST(`/api/v1/channel-accounts/{id}/${step}`, { params: { path: { id } } })), KEY);
}

export function useDisable(id: string) {
  return useCommand(() => answerOf(client.DELETE('/api/v1/channel-accounts/{id}', { params: { path: { id } } })), KEY);
}
