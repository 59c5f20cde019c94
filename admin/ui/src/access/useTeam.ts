/** Loads users, invitations and roles, and changes them. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import type { NewInvitation, Permission, RoleRow, UserChange, UserRow } from './types';

const USERS = ['users'] as const;
const INVITATIONS = ['invitations'] as const;
const ROLES = ['roles'] as const;
const SIGN_IN_RULES = ['sign-in-rules'] as const;

export function useUsers() {
  return useQuery({ queryKey: USERS, queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/users', { signal }))).items });
}

export function useInvitations() {
  return useQuery({
    queryKey: INVITATIONS,
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/invitations', { signal }))).items,
  });
}

export function useRoles() {
  return useQuery({ queryKey: ROLES, queryFn: ({ signal }) => answerOf(client.GET('/api/v1/roles', { signal })) });
}

export function useSignInRules() {
  return useQuery({ queryKey: SIGN_IN_RULES, queryFn: ({ signal }) => answerOf(client.GET('/api/v1/sign-in-rules', { signal })) });
}

/** Edits the version that was shown. */
export function useChangeSignInRules(version: number) {
  return useTeamChange((second_step_for_all: boolean) => {
    const params = { header: { 'If-Match': `"${version}"` } };
    return answerOf(client.PUT('/api/v1/sign-in-rules', { params, body: { second_step_for_all } }));
  });
}

export function useInvite() {
  return useTeamChange((body: NewInvitation) => answerOf(client.POST('/api/v1/invitations', { body })));
}

export function useRevokeInvitation() {
  return useTeamChange((id: string) => answerOf(client.DELETE('/api/v1/invitations/{id}', { params: { path: { id } } })));
}

/** Edits the version of the user that was shown. */
export function useChangeUser(user: UserRow) {
  return useTeamChange((body: UserChange) => {
    const params = { path: { id: user.id }, header: { 'If-Match': `"${user.version}"` } };
    return answerOf(client.PATCH('/api/v1/users/{id}', { params, body }));
  });
}

export function useSignUserOut(id: string) {
  return useTeamChange(() => answerOf(client.DELETE('/api/v1/users/{id}/sessions', { params: { path: { id } } })));
}

export function useRemoveUserSecondStep(id: string) {
  return useTeamChange(() => answerOf(client.DELETE('/api/v1/users/{id}/second-step', { params: { path: { id } } })));
}

export function useResetUserPassword(id: string) {
  return useTeamChange(() => answerOf(client.POST('/api/v1/users/{id}/password-reset', { params: { path: { id } } })));
}

export interface RoleDraft {
  name: string;
  permissions: Permission[];
}

export function useCreateRole() {
  return useTeamChange((body: RoleDraft) => answerOf(client.POST('/api/v1/roles', { body })));
}

export function useChangeRole(role: RoleRow) {
  return useTeamChange((permissions: Permission[]) => {
    const params = { path: { id: role.id ?? '' }, header: { 'If-Match': `"${role.version}"` } };
    return answerOf(client.PUT('/api/v1/roles/{id}', { params, body: { permissions } }));
  });
}

export function useRemoveRole() {
  return useTeamChange((id: string) => answerOf(client.DELETE('/api/v1/roles/{id}', { params: { path: { id } } })));
}

function useTeamChange<Body, Made>(send: (body: Body) => Promise<Made>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: send,
    // Also after a refusal: what is shown may be out of date.
    onSettled: () => Promise.all([USERS, INVITATIONS, ROLES, SIGN_IN_RULES].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  });
}
