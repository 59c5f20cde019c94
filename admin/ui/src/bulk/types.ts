/** The shapes of bulk operations. */
import type { Answer, Sent } from '../api/types';

export type BulkOperation = Answer<'/api/v1/contacts/bulk/{id}'>;
/** What is sent: the API takes as not said what is left out. */
export type BulkWish = Sent<'/api/v1/contacts/bulk', 'post'>;
type Whole = BulkWish['selection'];
/** Who is meant, in one way. */
export type Selection = { ids: string[] } | { filter: Partial<NonNullable<Whole['filter']>> };
/** What is to be done, without to whom. */
export type Change = Pick<BulkWish, 'operation'> & Partial<Omit<BulkWish, 'selection' | 'operation'>>;
