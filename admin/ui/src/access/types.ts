/** The shapes of accounts, users, roles, API tokens and the audit log. */
import type { Answer, Done, Sent } from '../api/types';

export type Account = Answer<'/api/v1/account'>;
export type OpenSession = Answer<'/api/v1/account/sessions'>['items'][number];
export type CodeApp = Done<'/api/v1/account/code-app', 'post', 201>;

export type UserRow = Answer<'/api/v1/users'>['items'][number];
export type UserChange = Sent<'/api/v1/users/{id}', 'patch'>;
export type Invitation = Answer<'/api/v1/invitations'>['items'][number];
export type NewInvitation = Sent<'/api/v1/invitations', 'post'>;
export type LinkMade = Done<'/api/v1/invitations', 'post', 201>;

export type RoleRow = Answer<'/api/v1/roles'>['items'][number];
export type { Permission } from '../api/types';

export type TokenRow = Answer<'/api/v1/api-tokens'>['items'][number];
export type NewToken = Sent<'/api/v1/api-tokens', 'post'>;
export type TokenMade = Done<'/api/v1/api-tokens', 'post', 201>;

export type AuditRow = Answer<'/api/v1/audit'>['items'][number];
