/** Turns whatever an unhappy request left behind into one error with words a person can act on. */

/** A request the API refused or could not answer. `status` is 0 when no answer came at all. */
export class APIError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    readonly fields: Record<string, string> = {},
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(detail || title);
    this.name = 'APIError';
  }
}

const FALLBACKS: Record<number, string> = {
  401: 'You are logged out',
  403: 'You may not do this',
  404: 'This is not here',
  429: 'Too many requests',
};

/** Reads a problem document (RFC 9457); any other body, such as a proxy's HTML page, gives plain words instead. */
export function toAPIError(status: number, body: unknown, retryAfter: string | null): APIError {
  const problem = isRecord(body) ? body : {};
  const title = text(problem.title) || FALLBACKS[status] || 'The server could not answer';
  const detail = text(problem.detail) || (status >= 500 ? 'It may be restarting. Try again in a moment.' : '');
  return new APIError(status, text(problem.code), title, detail, fieldErrors(problem.errors), seconds(retryAfter));
}

/** The error for a request that never reached the server. */
export function unreachable(): APIError {
  return new APIError(0, 'unreachable', 'Parley cannot be reached', 'Check your connection; the server may be restarting.');
}

/** The error as an APIError, whatever was thrown. */
export function asAPIError(error: unknown): APIError {
  if (error instanceof APIError) return error;
  return new APIError(0, 'unexpected', 'Something went wrong on this page', error instanceof Error ? error.message : '');
}

function fieldErrors(errors: unknown): Record<string, string> {
  if (!Array.isArray(errors)) return {};
  const pairs = errors.filter(isRecord).map((error) => [text(error.field), text(error.message)] as const);
  return Object.fromEntries(pairs.filter(([field, message]) => field && message));
}

function seconds(retryAfter: string | null): number | null {
  return retryAfter !== null && /^\d+$/.test(retryAfter) ? Number(retryAfter) : null;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
