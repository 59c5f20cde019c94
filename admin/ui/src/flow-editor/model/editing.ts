/** Changes of a document, each a copy with the change made and everything that hangs on it brought along. Pure. */
import { slotsOf, valueAt, withValueAt, type Document, type Option, type Path, type Place, type Slot, type Step, type StepWording } from './document';
import { ENTERING, goesOn, LINKS, sideWays, waysOf, writtenOptions } from './ways';

export const NAME = /^[a-z][a-z0-9_]{0,59}$/;

/** A name that is free: "ask", "ask_2", "ask_3". */
export function freeName(wanted: string, taken: Iterable<string>): string {
  const known = new Set(taken);
  const base = wanted.toLowerCase().replace(/[^a-z0-9_]+/g, '_').replace(/^[^a-z]+/, '').slice(0, 55) || 'step';
  if (!known.has(base)) return base;
  const stem = base.replace(/_\d+$/, '');
  for (let number = 2; ; number += 1) if (!known.has(`${stem}_${number}`)) return `${stem}_${number}`;
}

export function stepOf(document: Document, id: string): Step | undefined {
  return document.steps.find((step) => step.id === id);
}

export function withStep(document: Document, id: string, change: (step: Step) => Step): Document {
  return { ...document, steps: document.steps.map((step) => (step.id === id ? change(step) : step)) };
}

/** Sets a field of a step; undefined takes it away. */
export function withField(document: Document, id: string, path: Path, value: unknown): Document {
  return withStep(document, id, (step) => withValueAt(step, path, value));
}

export function withPlaces(document: Document, places: Readonly<Record<string, Place>>): Document {
  return { ...document, places: { ...document.places, ...places } };
}

const NO_WORDS: StepWording = {};

export function wordingOf(document: Document, language: string, id: string): StepWording {
  return document.wording[language]?.[id] ?? NO_WORDS;
}

export function withWording(document: Document, language: string, id: string, path: Path, value: unknown): Document {
  const changed = withValueAt(wordingOf(document, language, id), path, value);
  const left = Object.keys(changed).length > 0 ? changed : undefined;
  return { ...document, wording: withValueAt(document.wording, [language, id], left) };
}

export interface Addition {
  step: Step;
  wording?: Readonly<Record<string, StepWording>>;
  slots?: Readonly<Record<string, Slot>>;
  place?: Place;
}

/**
 * Adds a step so that the way named by `within` of `after` leads to it and it goes on where that way led.
 * Without `after` it stands at the end. No other step changes where it goes on to.
 */
export function addStep(document: Document, { step, wording, slots, place }: Addition, after?: string, within: Path = ['next']): Document {
  const stands = after !== undefined && !ENTERING.has(step.step) && stepOf(document, after) !== undefined;
  const added = stands ? insert(document, step, after, within) : append(document, step);
  return {
    ...added,
    settings: slots ? { ...added.settings, slots: { ...slotsOf(added), ...slots } } : added.settings,
    wording: Object.entries(wording ?? {}).reduce((all, [language, words]) => withValueAt(all, [language, step.id], words), added.wording),
    places: place ? { ...added.places, [step.id]: place } : added.places,
  };
}

function append(document: Document, step: Step): Document {
  const { steps } = document;
  if (!ENTERING.has(step.step)) return { ...document, steps: [...steps, step] };
  const beginning = steps.filter(({ step: kind }) => ENTERING.has(kind)).length;
  return { ...document, steps: [...steps.slice(0, beginning), step, ...steps.slice(beginning)] };
}

function insert(document: Document, step: Step, after: string, within: Path): Document {
  const { steps } = document;
  const index = steps.findIndex(({ id }) => id === after);
  const before = steps[index];
  if (!before) return append(document, step);
  const follows = waysOf(steps).get(after)?.find((way) => way.within.length === 0)?.to;
  const byNext = within.length === 0 || (within.length === 1 && within[0] === 'next');
  if (byNext && goesOn(before)) {
    // The new step takes over where its predecessor went, whether that was written or the step that followed.
    const taken = goesOn(step) && before.next ? { ...step, next: before.next } : step;
    const freed = withValueAt(before, ['next'], undefined);
    return { ...document, steps: [...steps.slice(0, index), freed, taken, ...steps.slice(index + 1)] };
  }
  const led = valueAt(before, within);
  const goesTo = typeof led === 'string' && led ? led : follows;
  const taken = goesOn(step) && goesTo !== undefined ? { ...step, next: goesTo } : step;
  const held = follows !== undefined ? { ...before, next: follows } : before;
  const rest = steps.slice(index + 1);
  return { ...document, steps: [...steps.slice(0, index), withValueAt(held, within, step.id), taken, ...rest] };
}

/** Takes steps away. Whatever led to one leads on to where that one went. */
export function removeSteps(document: Document, ids: Iterable<string>): Document {
  return [...ids].reduce(removeStep, document);
}

function removeStep(document: Document, id: string): Document {
  const { steps } = document;
  const gone = stepOf(document, id);
  // A flow without any step is no flow.
  if (!gone || steps.length === 1) return document;
  const ways = waysOf(steps);
  const onward = ways.get(id)?.filter((way) => !way.side && way.to !== id).at(-1)?.to;
  const written = writtenOptions(gone).length > 0;
  const kept = steps.filter((step) => step.id !== id).map((step) => {
    const fallsIn = ways.get(step.id)?.some((way) => way.within.length === 0 && way.to === id);
    const led = relink(step, (to) => (to === id ? onward : to));
    return fallsIn && written && onward !== undefined ? { ...led, next: onward } : led;
  });
  const without = <T>(all: Readonly<Record<string, T>>) => Object.fromEntries(Object.entries(all).filter(([name]) => name !== id));
  return {
    ...document,
    steps: kept,
    wording: Object.fromEntries(Object.entries(document.wording).map(([language, words]) => [language, without(words)])),
    places: without(document.places),
  };
}

/** The step with each step it names replaced; a name that becomes undefined is taken away where the step allows it. */
export function relink(step: Step, by: (to: string) => string | undefined): Step {
  let changed = step;
  if (typeof step.next === 'string' && step.next) changed = withValueAt(changed, ['next'], by(step.next));
  else if (Array.isArray(step.next)) {
    const options = (step.next as readonly Option[]).flatMap((option) => {
      const to = by(option.to);
      return to === undefined ? [] : [{ ...option, to }];
    });
    changed = withValueAt(changed, ['next'], options.length > 0 ? options : undefined);
  }
  // From behind, so that what is taken from a list moves nothing that is still to be looked at.
  for (const { within, to } of sideWays(step).reverse()) {
    const target = by(to);
    if (target !== to) changed = target === undefined ? withoutWay(changed, within) : withValueAt(changed, within, target);
  }
  return changed;
}

/** Takes a side way away with what belongs to it; one that its step cannot be without is left open. */
function withoutWay(step: Step, within: Path): Step {
  const [name] = within;
  if (name === 'no_reply_after' || name === 'holdout') return withValueAt(step, [name], undefined);
  if (LINKS.mapped.some((mapped) => mapped === name)) return withValueAt(step, within, undefined);
  return withValueAt(step, within, '');
}

/** Leads the way named by `within` to another step. `['next', 'add']` gives the step one way more. */
export function connect(document: Document, from: string, within: Path, to: string): Document {
  return withStep(document, from, (step) => {
    if (within[0] === 'next') return connectNext(document, step, within, to);
    return withValueAt(step, within, to);
  });
}

function connectNext(document: Document, step: Step, within: Path, to: string): Step {
  if (!goesOn(step)) return step;
  if (within[1] === 'add') {
    const written = writtenOptions(step);
    const follows = waysOf(document.steps).get(step.id)?.find((way) => way.within.length === 0)?.to;
    const last = written.length > 0 ? written : follows !== undefined ? [{ to: follows }] : [];
    // What has no condition comes last; the new way is asked before it.
    return { ...step, next: [...last.slice(0, -1), { if: { slot: '', op: 'known' }, to }, ...last.slice(-1)] };
  }
  return within.length > 1 ? withValueAt(step, within, to) : { ...step, next: to };
}

/** Gives a step another name, everywhere it is named. */
export function renameStep(document: Document, id: string, name: string): Document {
  const renamed = <T>(all: Readonly<Record<string, T>>) => Object.fromEntries(Object.entries(all).map(([key, value]) => [key === id ? name : key, value]));
  return {
    ...document,
    steps: document.steps.map((step) => {
      const linked = relink(step, (to) => (to === id ? name : to));
      return linked.id === id ? { ...linked, id: name } : linked;
    }),
    wording: Object.fromEntries(Object.entries(document.wording).map(([language, words]) => [language, renamed(words)])),
    places: renamed(document.places),
  };
}
