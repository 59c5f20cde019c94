/** The values of a choice and their labels, which live apart but are edited as one. Pure. */
import { isRecord, withValueAt, type Document } from './document';
import { stepOf, withField } from './editing';

const VALUE = /^[A-Za-z0-9][A-Za-z0-9_+.-]{0,59}$/;
const LABELS = ['choices', 'also'] as const;

/** A value as the language wants it for what somebody typed: "Yes, please" is kept as `yes_please`. */
export function valueFor(typed: string): string {
  if (VALUE.test(typed)) return typed;
  return typed.normalize('NFD').replace(/\p{Diacritic}/gu, '').toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '').slice(0, 60);
}

/** What is shown for a value at first: "at_once" as "At once". */
export function labelFor(typed: string): string {
  if (!VALUE.test(typed)) return typed.trim();
  const words = typed.replace(/_+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Sets the choices of a step. A new one gets a label in each language the flow is written in; labels of those that are gone go, too. */
export function withChoices(document: Document, id: string, typed: readonly string[]): Document {
  const before = stepOf(document, id)?.choices;
  const known = new Set(Array.isArray(before) ? before.map(String) : []);
  const labels = new Map(typed.map((text) => [valueFor(text), labelFor(text)] as const).filter(([value]) => value !== ''));
  let changed = withField(document, id, ['choices'], [...labels.keys()]);
  for (const [language, words] of Object.entries(changed.wording)) {
    let step = words[id] ?? {};
    for (const part of LABELS) {
      const all = step[part];
      if (!isRecord(all)) continue;
      const kept = Object.fromEntries(Object.entries(all).filter(([value]) => labels.has(value)));
      step = withValueAt(step, [part], Object.keys(kept).length > 0 ? kept : undefined);
    }
    for (const [value, label] of labels) if (!known.has(value)) step = withValueAt(step, ['choices', value], label);
    changed = { ...changed, wording: withValueAt(changed.wording, [language, id], Object.keys(step).length > 0 ? step : undefined) };
  }
  return changed;
}
