/** The commands of people who cannot log in yet, or not any more: by the token of a one-time link. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import { SESSION_KEY } from './useSession';

/** The token of the link that led here. Behind `#`, it was sent to no server. */
export function tokenOfLink(hash: string): string {
  return decodeURIComponent(hash.replace(/^#/, ''));
}

export function useInvited(token: string) {
  return useQuery({
    queryKey: ['invitation', token],
    queryFn: () => answerOf(client.POST('/api/v1/invitations/look', { body: { token } })),
    retry: false,
    staleTime: Infinity,
  });
}

export interface Acceptance {
  token: string;
  name: string;
  password: string;
}

export function useAccept() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Acceptance) => answerOf(client.POST('/api/v1/invitations/accept', { body })),
    onSuccess: ({ user }) => queries.setQueryData(SESSION_KEY, user),
  });
}

export function useAskForReset() {
  return useMutation({ mutationFn: (email: string) => answerOf(client.POST('/api/v1/password-resets', { body: { email } })) });
}

export function useNewPassword() {
  return useMutation({
    mutationFn: (body: { token: string; password: string }) => answerOf(client.POST('/api/v1/password-resets/use', { body })),
  });
}
