/** The one way to the server: a typed client that sends what every unsafe request needs and throws APIError. */
import createClient, { type Middleware } from 'openapi-fetch';
import { shownLanguage } from '../i18n/said';
import { toAPIError, unreachable } from './problem';
import type { paths } from './schema';

const SAFE_METHODS = new Set(['GET', 'HEAD']);

/** The words that the server has for reasons and events come in the language that the pages speak. */
const tellLanguage: Middleware = {
  onRequest({ request }) {
    request.headers.set('Accept-Language', shownLanguage());
    return request;
  },
};

/** The server refuses an unsafe request without these: a foreign page cannot send them without asking first. */
const proveOurOwn: Middleware = {
  onRequest({ request }) {
    if (!SAFE_METHODS.has(request.method)) {
      request.headers.set('X-Requested-With', 'parley');
      // A file says itself what it is.
      if (!request.headers.has('Content-Type')) request.headers.set('Content-Type', 'application/json');
    }
    return request;
  },
};

export const client = createClient<paths>({ baseUrl: '' });
client.use(proveOurOwn, tellLanguage);

interface Outcome<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Awaits a call of the client: its data, or an APIError thrown. An aborted call stays an AbortError. */
export async function answerOf<T>(call: Promise<Outcome<T>>): Promise<T> {
  const { data, error, response } = await call.catch((reason: unknown) => {
    throw reason instanceof TypeError ? unreachable() : reason;
  });
  if (!response.ok) throw toAPIError(response.status, error, response.headers.get('Retry-After'));
  return data as T;
}
