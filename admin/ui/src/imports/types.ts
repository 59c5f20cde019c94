/** The shapes of imports, from the API. */
import type { Answer, Done, Sent } from '../api/types';

export type Import = Answer<'/api/v1/imports/{id}'>;
export type Upload = Done<'/api/v1/imports', 'post', 201>;
export type Preview = Done<'/api/v1/imports/{id}/preview', 'post'>;
export type Options = Sent<'/api/v1/imports/{id}/start', 'post'>;
export type Channel = NonNullable<Options['consent_channels']>[number];
