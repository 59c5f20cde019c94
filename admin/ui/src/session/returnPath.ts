/** Where to go after the log-in. Only ever a path inside the admin pages. */

const HOME = '/';

/** The log-in's path, remembering where the reader wanted to go. */
export function logInPath(wanted: string): string {
  return wanted === HOME ? '/login' : `/login?next=${encodeURIComponent(wanted)}`;
}

/** The remembered path; anything that could lead outside, or back to the log-in, gives the first page instead. */
export function returnPath(next: string | null): string {
  if (!next || !/^\/[^/\\]/.test(next) || /^\/(login|setup)\b/.test(next)) return HOME;
  return next;
}
