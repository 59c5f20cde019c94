/** Copying steps, also from one flow into another: as text, so that the system's own clipboard carries them. Pure. */
import { isRecord, slotsOf, withValueAt, type Document, type Slot, type Step, type StepWording } from './document';
import { freeName, relink } from './editing';

const MARK = 'parley/steps';

export interface Clip {
  readonly steps: readonly Step[];
  readonly wording: Readonly<Record<string, Readonly<Record<string, StepWording>>>>;
  readonly slots: Readonly<Record<string, Slot>>;
}

/** The steps with what they say and the slots they fill, as text. */
export function copySteps(document: Document, ids: ReadonlySet<string>): string {
  const steps = document.steps.filter((step) => ids.has(step.id));
  const wording = Object.fromEntries(
    Object.entries(document.wording).map(([language, words]) => [language, Object.fromEntries(Object.entries(words).filter(([id]) => ids.has(id)))]),
  );
  const filled = new Set(steps.map((step) => step.slot));
  const slots = Object.fromEntries(Object.entries(slotsOf(document)).filter(([name]) => filled.has(name)));
  return JSON.stringify({ [MARK]: 1, steps, wording, slots });
}

/** Reads what was copied; null for anything that is not ours. */
export function readClip(text: string): Clip | null {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(found) || found[MARK] !== 1 || !Array.isArray(found.steps)) return null;
  const whole = found.steps.every((step) => isRecord(step) && typeof step.id === 'string' && typeof step.step === 'string');
  if (!whole || found.steps.length === 0) return null;
  return {
    steps: found.steps as Step[],
    wording: isRecord(found.wording) ? (found.wording as Clip['wording']) : {},
    slots: isRecord(found.slots) ? (found.slots as Clip['slots']) : {},
  };
}

/**
 * Adds copied steps under free names. Ways among them stay among them; ways to steps that are not here are left out.
 * Only languages that the flow speaks are taken over.
 */
export function pasteSteps(document: Document, clip: Clip): { document: Document; added: string[] } {
  const taken = new Set(document.steps.map((step) => step.id));
  const here = new Set(taken);
  const names = new Map<string, string>();
  for (const { id } of clip.steps) {
    const name = freeName(id, taken);
    names.set(id, name);
    taken.add(name);
  }
  const steps = clip.steps.map((step) => ({
    ...relink(step, (to) => names.get(to) ?? (here.has(to) ? to : undefined)),
    id: names.get(step.id) ?? step.id,
  }));
  let { wording } = document;
  for (const language of Object.keys(document.wording)) {
    for (const [id, words] of Object.entries(clip.wording[language] ?? {})) {
      wording = withValueAt(wording, [language, names.get(id) ?? id], words);
    }
  }
  return {
    document: {
      ...document,
      settings: Object.keys(clip.slots).length > 0 ? { ...document.settings, slots: { ...clip.slots, ...slotsOf(document) } } : document.settings,
      steps: [...document.steps, ...steps],
      wording,
    },
    added: steps.map((step) => step.id),
  };
}
