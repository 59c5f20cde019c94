/** Whether the week in numbers is mailed to whoever is logged in, and one at once. Holds no page. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import type { Answer } from '../api/types';
import { useCommand } from '../api/useCommand';

const KEY = ['digest'] as const;

export type DigestSettings = Answer<'/api/v1/digest'>;
export type DigestWish = Pick<DigestSettings, 'wanted' | 'language' | 'time_zone'>;

export function useDigest() {
  return useQuery({ queryKey: KEY, queryFn: ({ signal }) => answerOf(client.GET('/api/v1/digest', { signal })) });
}

export function useSetDigest() {
  return useCommand((body: DigestWish) => answerOf(client.PUT('/api/v1/digest', { body })), KEY);
}

export function useSendDigest() {
  return useMutation({ mutationFn: () => answerOf(client.POST('/api/v1/digest/send')) });
}

/** By the token of a mail's link, whoever is logged in. */
export function useTurnOff() {
  return useMutation({ mutationFn: (token: string) => answerOf(client.POST('/api/v1/digest/off', { body: { token } })) });
}
