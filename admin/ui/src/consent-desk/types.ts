/** The shapes of privacy requests, doubtful opt-outs and proofs, from the API. */
import type { Answer, Sent } from '../api/types';

export type PrivacyRequest = Answer<'/api/v1/privacy-requests'>['items'][number];
export type Status = PrivacyRequest['status'];
export type RequestKind = PrivacyRequest['kind'];
export type Decision = Sent<'/api/v1/privacy-requests/{id}/carry-out', 'post'>;
export type NewRequest = Sent<'/api/v1/privacy-requests', 'post'>;
export type OptOutReview = Answer<'/api/v1/opt-out-reviews'>['items'][number];
export type MessageProof = Answer<'/api/v1/messages/{id}/proof'>;

export const KINDS: readonly RequestKind[] = [
  'access', 'erase', 'rectify', 'object_marketing', 'object_profiling', 'restrict', 'unrestrict', 'human_review', 'why_contacted',
];
export const STATUSES: readonly Status[] = ['unverified', 'open', 'done', 'refused'];
