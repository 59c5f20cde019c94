/** The shapes of merges, from the API. */
import type { Answer, Sent } from '../api/types';

export type Candidate = Answer<'/api/v1/merge-candidates'>['items'][number];
export type Alike = Candidate['contacts'][number];
export type Decision = Sent<'/api/v1/merge-candidates/{id}/confirm', 'post'>;
export type Merge = Answer<'/api/v1/merges'>['items'][number];
export type MergePreview = Answer<'/api/v1/contacts/{id}/merge-preview'>;
