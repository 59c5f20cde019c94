/** Loads and changes the account of the user who is logged in. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import { useCommand } from '../api/useCommand';
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
  return useCommand((name: string) => answerOf(client.PATCH('/api/v1/account', { body: { name } })), ACCOUNT, SESSION_KEY);
}

export interface PasswordChange {
  password: string;
  new_password: string;
}

export function useChangePassword() {
  return useCommand((body: PasswordChange) => answerOf(client.PUT('/api/v1/account/password', { body })), ACCOUNT);
}

export function useEndSession() {
  return useCommand((id: string) => answerOf(client.DELETE('/api/v1/account/sessions/{id}', { params: { path: { id } } })), ACCOUNT);
}

export function useEndOtherSessions() {
  return useCommand(() => answerOf(client.DELETE('/api/v1/account/sessions')), ACCOUNT);
}

export function useBeginCodeApp() {
  return useMutation({ mutationFn: (password: string) => answerOf(client.POST('/api/v1/account/code-app', { body: { password } })) });
}

export function useConfirmCodeApp() {
  return useCommand((code: string) => answerOf(client.POST('/api/v1/account/code-app/confirm', { body: { code } })), ACCOUNT);
}

export function useRemoveCodeApp() {
  return useCommand((password: string) => answerOf(client.POST('/api/v1/account/code-app/remove', { body: { password } })), ACCOUNT);
}

export function useRenewRecoveryCodes() {
  return useCommand((password: string) => answerOf(client.POST('/api/v1/account/recovery-codes', { body: { password } })), ACCOUNT);
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
  return useCommand(async ({ name, password }: PasskeyWish) => {
    const { ticket, options } = await answerOf(client.POST('/api/v1/account/passkeys/begin', { body: { password } }));
    const credential = await makePasskey(options);
    return answerOf(client.POST('/api/v1/account/passkeys', { body: { ticket, name, credential } }));
  }, ACCOUNT);
}

export function useRemovePasskey() {
  return useCommand((id: string) => answerOf(client.DELETE('/api/v1/account/passkeys/{id}', { params: { path: { id } } })), ACCOUNT);
}
