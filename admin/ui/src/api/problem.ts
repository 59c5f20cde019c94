/** Turns whatever an unhappy request left behind into one error with words a person can act on. */
import { lookWords } from '../i18n/said';

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

const FALLBACKS = { 401: 'problem_401', 403: 'problem_403', 404: 'problem_404', 429: 'problem_429' } as const;

/** Reads a problem document (RFC 9457); any other body, such as a proxy's HTML page, gives plain words instead. */
export function toAPIError(status: number, body: unknown, retryAfter: string | null): APIError {
  const problem = isRecord(body) ? body : {};
  const title = text(problem.title) || lookWords(isKnown(status) ? FALLBACKS[status] : 'problem_no_answer');
  const detail = text(problem.detail) || (status >= 500 ? lookWords('problem_restarting') : '');
  return new APIError(status, text(problem.code), title, detail, fieldErrors(problem.errors), seconds(retryAfter));
}

/** The error for a request that never reached the server. */
export function unreachable(): APIError {
  return new APIError(0, 'unreachable', lookWords('problem_unreachable'), lookWords('problem_connection'));
}

/** The error as an APIError, whatever was thrown. */
export function asAPIError(error: unknown): APIError {
  if (error instanceof APIError) return error;
  return new APIError(0, 'unexpected', lookWords('problem_unexpected'), error instanceof Error ? error.message : '');
}

function isKnown(status: number): status is keyof typeof FALLBACKS {
  return Object.hasOwn(FALLBACKS, status);
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
