/** The shapes of what sends events, and of the kinds there are, from the API. */
import type { Answer, Sent } from '../api/types';

export type Source = Answer<'/api/v1/event-sources'>['items'][number];
export type NewSource = Sent<'/api/v1/event-sources', 'post'>;
export type EventKind = Answer<'/api/v1/event-kinds'>['items'][number];
export type NewKind = Sent<'/api/v1/event-kinds', 'post'>;
export type PropertyType = EventKind['properties'][string];

/** Ways that a source is made for here; tables are imported by their own page. */
export const WAYS = ['api', 'webhook', 'mqtt'] as const;
export const TYPES: readonly PropertyType[] = ['text', 'number', 'whole', 'flag', 'day', 'moment', 'link', 'currency', 'items'];
