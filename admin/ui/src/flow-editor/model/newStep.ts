/** Makes new steps that stand on their own: with a slot of their own, choices to rename and a way to take. Pure. */
import { slotsOf, type Document, type Slot, type Step, type StepWording } from './document';
import { freeName, type Addition } from './editing';
import { fieldsOf, requiredValues, SLOT_TYPES, type Definitions, type NameSource, type Schema } from './fields';
import { waysOf } from './ways';

const CHOICES = ['first', 'second'];
/** What most journeys write by; to write otherwise must be asked for, too. */
const CONSENT_CHANNELS = ['email'];
const YES_AND_NO: Readonly<Record<string, readonly [string, string]>> = { en: ['Yes', 'No'], es: ['Sí', 'No'], fr: ['Oui', 'Non'], de: ['Ja', 'Nein'] };
const LABELS: Readonly<Record<string, readonly [string, string]>> = {
  en: ['First', 'Second'], es: ['Primera', 'Segunda'], fr: ['Première', 'Deuxième'], de: ['Erste', 'Zweite'],
};

/** What is asked for by these is a person's own, and is kept with the contact: without that nobody became a lead. */
const KEPT: Readonly<Record<string, string>> = { ask_email: 'email', ask_phone: 'phone', qualify: 'qualification' };

interface Wish {
  kind: string;
  schema: Schema;
  definitions: Definitions;
  /** The step it is added after. */
  after?: string | undefined;
  /** Names that there are for other things than steps and slots. */
  names: (source: NameSource) => readonly string[];
  languages: readonly string[];
}

export function newStep(document: Document, { kind, schema, definitions, after, names, languages }: Wish): Addition {
  const id = freeName(kind, document.steps.map((step) => step.id));
  const onward = after === undefined ? undefined : waysOf(document.steps).get(after)?.find((way) => !way.side)?.to;
  const ending = document.steps.findLast((step) => step.step === 'end' || step.step === 'exit')?.id;
  const slot = slotFor(document, kind, id);
  const firstOf = (source: NameSource): string => {
    if (source === 'steps') return onward ?? ending ?? document.steps[0]?.id ?? '';
    if (source === 'slots') return slot?.name ?? Object.keys(slotsOf(document))[0] ?? '';
    return names(source)[0] ?? '';
  };
  const fields = requiredValues(fieldsOf(schema, definitions, kind), firstOf);
  const step = completed({ id, step: kind, ...fields }, firstOf);
  const labels = kind === 'ask_choice' ? labelsIn : kind === 'ask_consent' ? yesAndNoIn : null;
  const labelled = labels ? languages.map((language) => [language, labels(language)] as const) : [];
  return {
    step,
    ...(slot ? { slots: { [slot.name]: slot.declared } } : {}),
    ...(labelled.length > 0 ? { wording: Object.fromEntries(labelled) } : {}),
  };
}

function labelsIn(language: string): StepWording {
  const [first, second] = LABELS[language.split('-')[0] ?? ''] ?? ['First', 'Second'];
  return { choices: { first, second } };
}

function yesAndNoIn(language: string): StepWording {
  const [yes, no] = YES_AND_NO[language.split('-')[0] ?? ''] ?? ['Yes', 'No'];
  return { choices: { yes, no } };
}

function slotFor(document: Document, kind: string, id: string): { name: string; declared: Slot } | null {
  const type = SLOT_TYPES[kind];
  if (!type) return null;
  const wanted = id.replace(/^(ask|check)_/, '');
  const name = freeName(wanted, Object.keys(slotsOf(document)));
  const sensitivity = type === 'choice' || type === 'consent' ? { sensitivity: 'plain' } : {};
  const field = KEPT[kind];
  return { name, declared: { type, label: name.replaceAll('_', ' '), ...sensitivity, ...(field ? { field } : {}) } };
}

/** What a schema does not say: a choice needs two values, a branch two ways, a split two variants. */
function completed(step: Step, firstOf: (source: NameSource) => string): Step {
  const to = firstOf('steps');
  switch (step.step) {
    case 'ask_choice':
      return { ...step, choices: CHOICES };
    case 'ask_consent':
      return { ...step, channels: CONSENT_CHANNELS };
    case 'branch':
      return { ...step, next: [{ if: { slot: firstOf('slots'), op: 'known' }, to }, { to }] };
    case 'split':
    case 'experiment':
      return { ...step, variants: [{ name: 'a', weight: 1, to }, { name: 'b', weight: 1, to }] };
    case 'qualify':
      return { ...step, outcomes: { hot: 60, warm: 30 } };
    default:
      return step;
  }
}
