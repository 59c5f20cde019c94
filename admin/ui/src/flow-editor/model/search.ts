/** Finding steps by their names, kinds, fields and words. Pure. */
import { isRecord, type Document } from './document';

export interface StepNote {
  readonly step: string | null;
  readonly text: string;
}

export interface Find {
  readonly step: string;
  /** The words in which it was found, when not in the name. */
  readonly words: string | null;
}

/** Steps that hold all the words looked for, those found by name first. `kindName` gives a kind in the reader's words. */
export function findSteps(document: Document, notes: readonly StepNote[], wanted: string, kindName: (kind: string) => string): Find[] {
  const words = fold(wanted).split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const holdsAll = (text: string) => words.every((word) => fold(text).includes(word));
  const byName: Find[] = [];
  const byWords: Find[] = [];
  for (const step of document.steps) {
    const named = `${step.id} ${step.id.replaceAll('_', ' ')} ${step.step} ${kindName(step.step)}`;
    if (holdsAll(named)) {
      byName.push({ step: step.id, words: null });
      continue;
    }
    const said = Object.values(document.wording).flatMap((all) => textsIn(all[step.id]));
    const noted = notes.filter((note) => note.step === step.id).map((note) => note.text);
    const fields = Object.entries(step).filter(([name]) => name !== 'id' && name !== 'step').flatMap(([, value]) => textsIn(value));
    const found = [...said, ...noted, ...fields].find(holdsAll);
    if (found !== undefined) byWords.push({ step: step.id, words: found });
    else if (holdsAll([named, ...said, ...noted, ...fields].join(' '))) byWords.push({ step: step.id, words: null });
  }
  return [...byName, ...byWords];
}

/** Every text in a value of any shape. */
export function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isRecord(value) ? Object.values(value).flatMap(textsIn) : [];
}

/** Letters without case and accents: who looks for "telefono" finds "teléfono". */
function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{Diacritic}/gu, '').toLowerCase();
}
