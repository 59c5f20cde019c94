/** Taking in what others changed while one writes, part by part, as the server does when it merges. Pure. */
import { isRecord, withValueAt, type Document } from './document';

type Parts = Pick<Document, 'settings' | 'steps' | 'wording' | 'tests'>;

/** Whether two values of JSON are the same; the order of keys does not count. */
export function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((part, index) => isSame(part, other[index]));
  }
  if (!isRecord(one) || !isRecord(other)) return false;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => key in other && isSame(one[key], other[key]));
}

/**
 * Gives the change that makes of `sent` what the server `kept`, for use on any state of the document:
 * only parts in which the two differ are touched, so that what was written since stays.
 */
export function changeBetween(sent: Parts, kept: Parts): (document: Document) => Document {
  const stepsChanged = !isSame(sent.steps, kept.steps);
  const settings = differingKeys(sent.settings, kept.settings).filter((key) => key !== 'slots');
  const slots = differingKeys(partOf(sent.settings.slots), partOf(kept.settings.slots));
  const languages = [...new Set([...Object.keys(sent.wording), ...Object.keys(kept.wording)])];
  const words = languages.flatMap((language) =>
    differingKeys(sent.wording[language] ?? {}, kept.wording[language] ?? {}).map((step) => [language, step] as const),
  );
  const tests = !isSame(sent.tests, kept.tests);
  if (!stepsChanged && !tests && settings.length + slots.length + words.length === 0) return (document) => document;
  return (document) => {
    let changed = document;
    if (stepsChanged) changed = { ...changed, steps: mergedSteps(changed.steps, sent.steps, kept.steps) };
    for (const key of settings) changed = { ...changed, settings: withValueAt(changed.settings, [key], kept.settings[key]) };
    for (const slot of slots) changed = { ...changed, settings: withValueAt(changed.settings, ['slots', slot], partOf(kept.settings.slots)[slot]) };
    for (const [language, step] of words) changed = { ...changed, wording: withValueAt(changed.wording, [language, step], kept.wording[language]?.[step]) };
    return tests ? { ...changed, tests: kept.tests } : changed;
  };
}

function mergedSteps(mine: Document['steps'], sent: Document['steps'], kept: Document['steps']): Document['steps'] {
  const before = new Map(sent.map((step) => [step.id, step]));
  const after = new Map(kept.map((step) => [step.id, step]));
  const own = new Map(mine.map((step) => [step.id, step]));
  const isTheirs = (id: string) => !isSame(before.get(id), after.get(id));
  // Their order, in which what is only mine keeps its place behind the step it followed.
  const merged = kept.filter((step) => isTheirs(step.id) || own.has(step.id)).map((step) => (isTheirs(step.id) ? step : own.get(step.id) ?? step));
  mine.forEach((step, index) => {
    if (after.has(step.id) || before.has(step.id)) return;
    const previous = mine[index - 1]?.id;
    const at = merged.findIndex(({ id }) => id === previous);
    merged.splice(at < 0 ? (index === 0 ? 0 : merged.length) : at + 1, 0, step);
  });
  return merged;
}

function differingKeys(one: Readonly<Record<string, unknown>>, other: Readonly<Record<string, unknown>>): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((key) => !isSame(one[key], other[key]));
}

function partOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}
