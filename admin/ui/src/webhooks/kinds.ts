/** What kinds of events are called. The catalogue `event_kinds` is loaded by the page that shows them. */
import { findWords } from '../i18n/said';
import { plainWords } from '../look/words';
import type { EventKind } from './types';

/** In the language shown; a company's own kinds by the title it gave them. */
export function kindName(name: string, kinds: readonly EventKind[] = []): string {
  return findWords('event_kinds', name) ?? kinds.find((one) => one.name === name)?.title ?? plainWords(name);
}
