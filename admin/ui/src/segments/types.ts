/** The shapes of segments, from the API. */
import type { Answer, Done, Sent } from '../api/types';

export type SegmentRow = Answer<'/api/v1/segments'>['items'][number];
export type Segment = Answer<'/api/v1/segments/{id}'>;
export type SegmentCount = Done<'/api/v1/segments/count', 'post'>;
export type Person = Done<'/api/v1/segments/preview', 'post'>['items'][number];
export type Member = Answer<'/api/v1/segments/{id}/members'>['items'][number];
export type ContactField = Answer<'/api/v1/contact-fields'>['items'][number];
export type EventKind = Answer<'/api/v1/event-kinds'>['items'][number];

/** A rule as it is sent: a condition, or conditions in each other. */
export type Tree = Sent<'/api/v1/segments/count', 'post'>['tree'];

export type FactCondition = Extract<Tree, { fact: unknown }>;
export type TagCondition = Extract<Tree, { tag: unknown }>;
export type DateCondition = Extract<Tree, { date: unknown }>;
export type EventCondition = Extract<Tree, { event: unknown }>;
export type ScoreCondition = Extract<Tree, { score: unknown }>;
export type ConsentCondition = Extract<Tree, { consent: unknown }>;
export type AddressCondition = Extract<Tree, { address: unknown }>;
export type InSegment = Extract<Tree, { segment: unknown }>;
export type NearText = Extract<Tree, { near: unknown }>;
export type PropertyCondition = NonNullable<EventCondition['where']>[number];

export type Condition =
  | FactCondition | TagCondition | DateCondition | EventCondition | ScoreCondition | ConsentCondition
  | AddressCondition | InSegment | NearText;
