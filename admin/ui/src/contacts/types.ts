/** The shapes of what is known of one contact beside its story, from the API. */
import type { Answer, Sent } from '../api/types';

export type ContactCompany = Answer<'/api/v1/contacts/{id}/company'>;
export type Identities = Answer<'/api/v1/contacts/{id}/identities'>;
export type ContactJourney = Answer<'/api/v1/contacts/{id}/journeys'>['items'][number];
export type Scores = Answer<'/api/v1/leads/{id}/score'>;
export type ContactField = Answer<'/api/v1/contact-fields'>['items'][number];
export type NewExternalId = Sent<'/api/v1/contacts/{id}/external-ids', 'post'>;
