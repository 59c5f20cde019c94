/** Who is logged in, and the three commands on the session. Holds no page. */
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import { APIError } from '../api/problem';
import type { User } from '../api/types';
import { showPasskey } from './passkeys';

export const SESSION_KEY = ['session'] as const;

async function fetchUser(signal: AbortSignal): Promise<User | null> {
  try {
    return (await answerOf(client.GET('/api/v1/session', { signal }))).user;
  } catch (error) {
    if (error instanceof APIError && error.status === 401) return null;
    throw error;
  }
}

const sessionQuery = queryOptions({
  queryKey: SESSION_KEY,
  queryFn: ({ signal }) => fetchUser(signal),
  staleTime: 60_000,
});

/** The user, or null when nobody is logged in. */
export function useSession() {
  return useQuery(sessionQuery);
}

/** Whether the first admin is still to be made. */
export function useSetUpNeeded(enabled: boolean) {
  return useQuery({
    queryKey: ['setup'],
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/setup', { signal }))).needed,
    enabled,
  });
}

export interface Credentials {
  email: string;
  password: string;
}

export function useLogIn() {
  const queries = useQueryClient();
  return useMutation({
    /** `code` is of the second step, for whoever has one. */
    mutationFn: (credentials: Credentials & { code: string | null }) => answerOf(client.POST('/api/v1/session', { body: credentials })),
    onSuccess: ({ user }) => queries.setQueryData(SESSION_KEY, user),
  });
}

/** Logs in with a passkey; the browser asks which. */
export function useLogInWithPasskey() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async () => {
      const { ticket, options } = await answerOf(client.POST('/api/v1/passkey-sign-in/begin', { body: {} }));
      const credential = await showPasskey(options);
      return answerOf(client.POST('/api/v1/passkey-sign-in', { body: { ticket, credential } }));
    },
    onSuccess: ({ user }) => queries.setQueryData(SESSION_KEY, user),
  });
}

export interface FirstAdmin extends Credentials {
  token: string;
  name: string;
}

/** Makes the first admin, then asks the server whether that already logged them in. */
export function useSetUp() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (admin: FirstAdmin) => answerOf(client.POST('/api/v1/setup', { body: admin })),
    onSuccess: async () => {
      queries.setQueryData(['setup'], false);
      await queries.fetchQuery({ ...sessionQuery, staleTime: 0 });
    },
  });
}

/** Logs out by leaving the page: nothing about any lead stays in memory. */
export function useLogOut() {
  return useMutation({
    mutationFn: () => answerOf(client.DELETE('/api/v1/session')),
    onSettled: (_data, error) => {
      const isGone = !error || (error instanceof APIError && error.status === 401);
      if (isGone) window.location.assign(`${import.meta.env.BASE_URL}login`);
    },
  });
}
