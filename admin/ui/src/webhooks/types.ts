/** The shapes of webhooks and what is sent to them, from the API. */
import type { Answer, Done, Sent } from '../api/types';

export type Webhook = Answer<'/api/v1/webhooks/{id}'>;
export type WebhookLine = Answer<'/api/v1/webhooks'>['items'][number];
export type WebhookWish = Sent<'/api/v1/webhooks', 'post'>;
export type Delivery = Answer<'/api/v1/webhooks/{id}/deliveries'>['items'][number];
export type State = Delivery['state'];
export type Tried = Done<'/api/v1/webhooks/{id}/test', 'post'>;
export type EventKind = Answer<'/api/v1/webhooks/kinds'>['items'][number];

export const STATES: readonly State[] = ['waiting', 'sending', 'delivered', 'failed', 'void'];
