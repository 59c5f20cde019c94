/** Logging in at the company's identity provider: away with a ticket, back with a code. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import { SESSION_KEY } from './useSession';

const KEPT_AS = 'parley.single-sign-on';

/** What the identity provider is called; null where there is none. */
export function useProvider() {
  return useQuery({
    queryKey: ['sign-in-ways'],
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/sign-in-ways', { signal }))).provider,
    staleTime: Infinity,
  });
}

/** Leaves for the provider. The ticket stays in this tab, so that only it can come back. */
export function useDepart() {
  return useMutation({
    mutationFn: () => answerOf(client.POST('/api/v1/single-sign-on/begin', { body: {} })),
    onSuccess: ({ address, ticket }) => {
      sessionStorage.setItem(KEPT_AS, ticket);
      window.location.assign(address);
    },
  });
}

export interface WayBack {
  code: string;
  state: string;
}

export function useArrive() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (back: WayBack) => {
      const ticket = sessionStorage.getItem(KEPT_AS) ?? '';
      sessionStorage.removeItem(KEPT_AS);
      return answerOf(client.POST('/api/v1/single-sign-on', { body: { ...back, ticket } }));
    },
    onSuccess: ({ user }) => queries.setQueryData(SESSION_KEY, user),
  });
}
