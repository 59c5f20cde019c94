/** The Parley API for programs in TypeScript. */
import createClient, { type Client } from 'openapi-fetch';
import type { components, paths } from './schema.js';

export type Shapes = components['schemas'];
export type Parley = Client<paths>;

/** A client of one site; `token` is an API token, made in the admin. */
export function createParley(site: string, token: string): Parley {
  return createClient<paths>({ baseUrl: site, headers: { Authorization: `Bearer ${token}` } });
}
