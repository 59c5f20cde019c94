/** Loads and changes the account of the user who is logged in. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import { makePasskey } from '../session/passkeys';
import { SESSION_KEY } from '../session/useSession';

const ACCOUNT = ['account'] as const;
const SESSIONS = ['account', 'sessions'] as const;
const PASSKEYS = ['account', 'passkeys'] as const;

export function useAccount() {
  return useQuery({ queryKey: ACCOUNT, queryFn: ({ signal }) => answerOf(client.GET('/api/v1/account', { signal })) });
}

export function useOwnSessions() {
  return useQuery({
    queryKey: SESSIONS,
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/account/sessions', { signal }))).items,
  });
}

export function useRename() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => answerOf(client.PATCH('/api/v1/account', { body: { name } })),
    onSuccess: () => Promise.all([ACCOUNT, SESSION_KEY].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  });
}

export interface PasswordChange {
  password: string;
  new_password: string;
}

export function useChangePassword() {
  return useAccountChange((body: PasswordChange) => answerOf(client.PUT('/api/v1/account/password', { body })));
}

export function useEndSession() {
  return useAccountChange((id: string) => answerOf(client.DELETE('/api/v1/account/sessions/{id}', { params: { path: { id } } })));
}

export function useEndOtherSessions() {
  return useAccountChange(() => answerOf(client.DELETE('/api/v1/account/sessions')));
}

export function useBeginCodeApp() {
  return useMutation({ mutationFn: (password: string) => answerOf(client.POST('/api/v1/account/code-app', { body: { password } })) });
}

export function useConfirmCodeApp() {
  return useAccountChange((code: string) => answerOf(client.POST('/api/v1/account/code-app/confirm', { body: { code } })));
}

export function useRemoveCodeApp() {
  return useAccountChange((password: string) => answerOf(client.POST('/api/v1/account/code-app/remove', { body: { password } })));
}

export function useRenewRecoveryCodes() {
  return useAccountChange((password: string) => answerOf(client.POST('/api/v1/account/recovery-codes', { body: { password } })));
}

export function usePasskeys() {
  return useQuery({
    queryKey: PASSKEYS,
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/account/passkeys', { signal }))).items,
  });
}

export interface PasskeyWish {
  name: string;
  password: string;
}

/** Asks the server, then the device, then keeps what the device made. */
export function useAddPasskey() {
  return useAccountChange(async ({ name, password }: PasskeyWish) => {
    const { ticket, options } = await answerOf(client.POST('/api/v1/account/passkeys/begin', { body: { password } }));
    const credential = await makePasskey(options);
    return answerOf(client.POST('/api/v1/account/passkeys', { body: { ticket, name, credential } }));
  });
}

export function useRemovePasskey() {
  return useAccountChange((id: string) => answerOf(client.DELETE('/api/v1/account/passkeys/{id}', { params: { path: { id } } })));
}

function useAccountChange<Body, Made>(send: (body: Body) => Promise<Made>) {
  const queries = useQueryClient();
  return useMutation({ mutationFn: send, onSuccess: () => queries.invalidateQueries({ queryKey: ACCOUNT }) });
}
