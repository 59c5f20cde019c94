/** What a step's panel shows, read from the JSON Schema of its kind. Pure; knows the schema, not the widgets. */
import { isRecord } from './document';
import { LINKS } from './ways';

/** Where names come from that a field may take. */
export type NameSource =
  | 'steps' | 'slots' | 'flows' | 'journeys' | 'teams' | 'segments' | 'events' | 'scores' | 'connectors' | 'calendars' | 'outcomes' | 'intents';

export type Field =
  | { is: 'text'; isLong: boolean; most?: number }
  | { is: 'number'; isWhole: boolean; least?: number; most?: number }
  | { is: 'flag' }
  | { is: 'one_of' | 'some_of'; values: readonly string[] }
  | { is: 'words' }
  | { is: 'named' | 'named_list'; source: NameSource }
  | { is: 'duration' }
  | { is: 'condition' }
  | { is: 'scalar' }
  | { is: 'object' | 'list'; fields: readonly NamedField[] }
  | { is: 'map'; keys: NameSource | null; of: Field }
  /** A plain value, or one of several shapes; or a list of such. */
  | { is: 'either' | 'either_list'; options: readonly Either[] }
  | { is: 'data' };

/** One of the things that a value may be: a value by itself, or fields. */
export interface Either {
  readonly name: string;
  readonly fields: readonly NamedField[] | null;
}

export interface NamedField {
  readonly name: string;
  readonly field: Field;
  readonly isRequired: boolean;
  readonly default: unknown;
  readonly meaning: string;
}

export type Schema = Readonly<Record<string, unknown>>;
export type Definitions = Readonly<Record<string, unknown>>;

const NAMED: Readonly<Record<string, NameSource>> = {
  slot: 'slots', flow: 'flows', journey: 'journeys', link_journey: 'journeys', team: 'teams', segment: 'segments', calendar: 'calendars',
  connector: 'connectors', score: 'scores', outcome: 'outcomes', outcomes: 'outcomes', to: 'steps',
  ...Object.fromEntries(LINKS.plain.map((name) => [name, 'steps' as const])),
};
const KEYED: Readonly<Record<string, NameSource>> = { routes: 'intents', intents: 'intents', ways: 'outcomes', slots: 'slots', save: 'slots' };
/** Fields that read otherwise in one kind of step. */
const OWN: Readonly<Record<string, NameSource>> = {
  'call_flow.outcome': 'slots', 'on_event.kind': 'events', 'wait_event.kind': 'events', 'split.goal': 'events', 'goal.kind': 'events',
};
const NOT_SHOWN = new Set(['id', 'step', 'next']);

/** The fields of a schema, those that must be given first. `within` is the kind of step, or the field they stand in. */
export function fieldsOf(schema: Schema, definitions: Definitions, within: string): NamedField[] {
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  const properties = isRecord(schema.properties) ? schema.properties : {};
  const fields = Object.entries(properties).filter(([name]) => !NOT_SHOWN.has(name)).map(([name, property]) => {
    const part = isRecord(property) ? property : {};
    return {
      name,
      field: fieldOf(part, definitions, name, within),
      isRequired: required.has(name),
      default: part.default ?? null,
      meaning: typeof part.description === 'string' ? part.description : '',
    };
  });
  return [...fields.filter((field) => field.isRequired), ...fields.filter((field) => !field.isRequired)];
}

function fieldOf(written: Schema, definitions: Definitions, name: string, within: string): Field {
  const schema = resolve(written, definitions);
  const variants = variantsOf(schema, definitions);
  if (variants) {
    if (variants.some((one) => propertyOf(one, 'all'))) return { is: 'condition' };
    const [only, ...others] = variants;
    if (only && others.length === 0) return fieldOf(only, definitions, name, within);
    const types = new Set(variants.map((one) => one.type));
    if (types.has('object')) return { is: 'either', options: eithersOf(variants, definitions) };
    if (types.has('array')) return { is: 'data' };
    return types.has('boolean') ? { is: 'scalar' } : types.has('string') ? { is: 'text', isLong: false } : { is: 'number', isWhole: false };
  }
  if (Array.isArray(schema.enum)) return { is: 'one_of', values: schema.enum.map(String) };
  switch (schema.type) {
    case 'boolean':
      return { is: 'flag' };
    case 'integer':
    case 'number':
      return { is: 'number', isWhole: schema.type === 'integer', ...bound('least', schema.minimum), ...bound('most', schema.maximum) };
    case 'string':
      return textField(schema, name, within);
    case 'array':
      return listField(schema, definitions, name, within);
    case 'object':
      return objectField(schema, definitions, name);
    default:
      return { is: 'data' };
  }
}

function textField(schema: Schema, name: string, within: string): Field {
  const pattern = typeof schema.pattern === 'string' ? schema.pattern : '';
  if (pattern.includes('minute|hour|day')) return { is: 'duration' };
  const source = OWN[`${within}.${name}`] ?? NAMED[name];
  if (source) return { is: 'named', source };
  const most = typeof schema.maxLength === 'number' ? schema.maxLength : undefined;
  return { is: 'text', isLong: pattern === '' && most !== undefined && most > 300, ...(most === undefined ? {} : { most }) };
}

function listField(schema: Schema, definitions: Definitions, name: string, within: string): Field {
  const items = resolve(isRecord(schema.items) ? schema.items : {}, definitions);
  const variants = variantsOf(items, definitions);
  if (variants?.some((one) => one.type === 'object')) return { is: 'either_list', options: eithersOf(variants, definitions) };
  if (Array.isArray(items.enum)) return { is: 'some_of', values: items.enum.map(String) };
  if (isRecord(items.properties)) return { is: 'list', fields: fieldsOf(items, definitions, name) };
  if (items.type === 'string') {
    const source = OWN[`${within}.${name}`] ?? NAMED[name];
    return source ? { is: 'named_list', source } : { is: 'words' };
  }
  return { is: 'data' };
}

function objectField(schema: Schema, definitions: Definitions, name: string): Field {
  if (isRecord(schema.properties)) return { is: 'object', fields: fieldsOf(schema, definitions, name) };
  const [byPattern] = Object.values(isRecord(schema.patternProperties) ? schema.patternProperties : {});
  const value = isRecord(byPattern) ? byPattern : schema.additionalProperties;
  if (!isRecord(value)) return { is: 'data' };
  // What a map of ways leads to is a step; else its values are what the schema says.
  const leads = LINKS.mapped.some((mapped) => mapped === name);
  return { is: 'map', keys: KEYED[name] ?? null, of: leads ? { is: 'named', source: 'steps' } : fieldOf(value, definitions, '', name) };
}

function resolve(schema: Schema, definitions: Definitions): Schema {
  const target = typeof schema.$ref === 'string' ? definitions[schema.$ref.split('/').at(-1) ?? ''] : undefined;
  return isRecord(target) ? { ...target, ...(schema.description ? { description: schema.description } : {}) } : schema;
}

/** The schemas of which one must fit, nested ones included, without null. Null where there is no such choice. */
function variantsOf(schema: Schema, definitions: Definitions): Schema[] | null {
  const choices = Array.isArray(schema.anyOf) ? schema.anyOf : Array.isArray(schema.oneOf) ? schema.oneOf : null;
  if (!choices) return null;
  return choices.filter(isRecord).flatMap((choice) => {
    const one = resolve(choice, definitions);
    return variantsOf(one, definitions) ?? (one.type === 'null' ? [] : [one]);
  });
}

function eithersOf(variants: readonly Schema[], definitions: Definitions): Either[] {
  return variants.flatMap((one): Either[] => {
    if (Array.isArray(one.enum)) return one.enum.map((value) => ({ name: String(value), fields: null }));
    if (!isRecord(one.properties)) return [];
    const name = String(one.title ?? Object.keys(one.properties)[0]).replace(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase();
    return [{ name, fields: fieldsOf(one, definitions, name) }];
  });
}

/** Which of the things it may be a value is. */
export function eitherOf(value: unknown, options: readonly Either[]): Either | undefined {
  if (!isRecord(value)) return options.find((option) => option.fields === null && option.name === value);
  return options.find(({ fields }) => fields?.every((field) => !field.isRequired || field.name in value));
}

function propertyOf(schema: Schema, name: string): boolean {
  return isRecord(schema.properties) && name in schema.properties;
}

function bound(name: 'least' | 'most', value: unknown): Record<string, number> {
  return typeof value === 'number' ? { [name]: value } : {};
}

/** The slot type that a question fills; a new question gets a new slot of it. */
export const SLOT_TYPES: Readonly<Record<string, string>> = {
  ask_choice: 'choice', ask_text: 'text', ask_email: 'email', ask_phone: 'phone', ask_number: 'number', ask_date: 'date', ask_file: 'file',
  rating: 'number', ask_consent: 'consent', check_consent: 'consent', book_meeting: 'meeting', qualify: 'choice',
};

/** A first value for a field that must be given, so that a new step is whole from the start where that can be. */
export function firstValue(field: Field, firstOf: (source: NameSource) => string): unknown {
  switch (field.is) {
    case 'text': return '';
    case 'number': return field.least ?? 0;
    case 'flag': return false;
    case 'one_of': return field.values[0] ?? '';
    case 'some_of': return field.values.slice(0, 1);
    case 'words': return [];
    case 'named': return firstOf(field.source);
    case 'named_list': return [firstOf(field.source)].filter(Boolean);
    case 'duration': return '1 day';
    case 'condition': return { slot: firstOf('slots'), op: 'known' };
    case 'scalar': return '';
    case 'object': return requiredValues(field.fields, firstOf);
    case 'list': return [requiredValues(field.fields, firstOf)];
    case 'either': return eitherValue(field.options[0], firstOf);
    case 'either_list': return [eitherValue(field.options[0], firstOf)];
    case 'map':
    case 'data': return {};
  }
}

/** A first value of one of the things it may be. */
export function eitherValue(option: Either | undefined, firstOf: (source: NameSource) => string): unknown {
  if (!option) return '';
  return option.fields ? requiredValues(option.fields, firstOf) : option.name;
}

export function requiredValues(fields: readonly NamedField[], firstOf: (source: NameSource) => string): Record<string, unknown> {
  return Object.fromEntries(fields.filter((field) => field.isRequired).map(({ name, field }) => [name, firstValue(field, firstOf)]));
}
