/** What is read from the document and the schemas: search, moving by arrows, fields, conditions, texts, durations. */
import { describe, expect, test } from 'vitest';
import flowSchema from '../../../../../docs/reference/flow.schema.json';
import journeySchema from '../../../../../docs/reference/journey.schema.json';
import { conditionInWords, conditionOf, readScalar, withOperator } from './conditions';
import type { Document, Step } from './document';
import { readDuration, shortSeconds, writeDuration } from './durations';
import { eitherOf, fieldsOf, type Field, type NamedField } from './fields';
import { stepTowards } from './moving';
import { newStep } from './newStep';
import { findSteps } from './search';
import { textFor, textHeard, withTextFor } from './texts';
import { waysOf } from './ways';

const steps: Step[] = [
  { id: 'hello', step: 'message', next: 'fork' },
  { id: 'fork', step: 'branch', next: [{ if: { slot: 'vip', op: 'known' }, to: 'left' }, { to: 'right' }] },
  { id: 'left', step: 'end' }, { id: 'right', step: 'end' }, { id: 'alone', step: 'end' },
];
const shop: Document = {
  settings: { slots: {} }, steps, tests: null, places: {},
  wording: { en: { hello: { text: { default: 'Good morning' } }, left: { text: 'Your telephone, please' } }, es: { left: { text: 'Su teléfono' } } },
};
const places = { hello: { x: 100, y: 0 }, fork: { x: 100, y: 100 }, left: { x: 0, y: 200 }, right: { x: 200, y: 200 }, alone: { x: 500, y: 210 } };
const ways = waysOf(steps);

describe('search', () => {
  const kindName = (kind: string) => ({ branch: 'Verzweigung' })[kind] ?? kind;
  test('finds names and kinds first, then words in every language without accents', () => {
    expect(findSteps(shop, [], 'verzweigung', kindName)).toEqual([{ step: 'fork', words: null }]);
    expect(findSteps(shop, [], 'TELEFONO', kindName)).toEqual([{ step: 'left', words: 'Su teléfono' }]);
    expect(findSteps(shop, [{ step: 'alone', text: 'Ask Ben' }], 'ben', kindName)).toEqual([{ step: 'alone', words: 'Ask Ben' }]);
  });
  test('finds nothing for nothing', () => {
    expect(findSteps(shop, [], '  ', kindName)).toEqual([]);
  });
});

describe('arrows', () => {
  test('go along the ways down and up, and to the nearest step aside', () => {
    expect(stepTowards('hello', 'ArrowDown', places, ways)).toBe('fork');
    expect(stepTowards('right', 'ArrowUp', places, ways)).toBe('fork');
    expect(stepTowards('left', 'ArrowRight', places, ways)).toBe('right');
    expect(stepTowards('right', 'ArrowRight', places, ways)).toBe('alone');
    expect(stepTowards('hello', 'ArrowUp', places, ways)).toBeNull();
  });
});

describe('fields from the schema', () => {
  const fieldsIn = (schema: { $defs: unknown }, kind: string): Record<string, NamedField> => {
    const definitions = schema.$defs as Record<string, Record<string, unknown>>;
    const found = Object.values(definitions).find(({ properties }) => (properties as Record<string, { const?: string }>)?.step?.const === kind);
    return Object.fromEntries(fieldsOf(found!, definitions, kind).map((field) => [field.name, field]));
  };
  test('get the widgets they need', () => {
    const ask = fieldsIn(flowSchema, 'ask_choice');
    expect(ask.slot?.field).toEqual({ is: 'named', source: 'slots' });
    expect(ask.choices?.field).toEqual({ is: 'words' });
    expect(ask.retries?.field).toEqual({ is: 'number', isWhole: true, least: 0, most: 5 });
    expect(ask.no_reply_after?.field).toMatchObject({ is: 'object', fields: [{ name: 'wait', field: { is: 'duration' } }, { name: 'to', field: { is: 'named', source: 'steps' } }] });
    expect(fieldsIn(flowSchema, 'ask_consent').channels?.field).toMatchObject({ is: 'some_of' });
    expect(fieldsIn(flowSchema, 'intent_route').routes?.field).toEqual({ is: 'map', keys: 'intents', of: { is: 'named', source: 'steps' } });
    expect(fieldsIn(flowSchema, 'qualify').points?.field).toMatchObject({ is: 'list', fields: [{ name: 'if', field: { is: 'condition' } }, { name: 'points' }, { name: 'reason' }] });
    expect(fieldsIn(flowSchema, 'call_flow').outcome?.field).toEqual({ is: 'named', source: 'slots' });
    expect(fieldsIn(journeySchema, 'on_event').where?.field).toEqual({ is: 'condition' });
    expect(fieldsIn(journeySchema, 'reach_out').deadline?.field).toEqual({ is: 'duration' });
  });
  test('that may be several things offer each of them', () => {
    const definitions = journeySchema.$defs as Record<string, Record<string, unknown>>;
    const settings = Object.fromEntries(fieldsOf(journeySchema as Record<string, unknown>, definitions, 'journey').map(({ name, field }) => [name, field]));
    expect(settings.re_entry).toMatchObject({ is: 'either', options: [{ name: 'never' }, { name: 'after_exit' }, { name: 'always' }, { name: 're_entry_after', fields: [{ name: 'after' }] }] });
    const exits = settings.exit_when as Extract<Field, { is: 'either' | 'either_list' }>;
    expect(exits.options.map(({ name }) => name)).toEqual(['opted_out', 'consent_withdrawn', 'handed_off', 'replied', 'did_this', 'became_this']);
    expect(eitherOf({ kind: 'order', outcome: 'bought' }, exits.options)?.name).toBe('did_this');
    expect(eitherOf('replied', exits.options)?.fields).toBeNull();
  });
  test('no field of any kind of step is left without a widget but bodies of calls', () => {
    const bare = [flowSchema, journeySchema].flatMap((schema) => {
      const definitions = schema.$defs as Record<string, Record<string, unknown>>;
      return Object.values(definitions)
        .filter(({ properties }) => 'step' in (properties as object))
        .flatMap((one) => fieldsOf(one, definitions, String((one.properties as Record<string, { const?: string }>).step?.const)))
        .filter(({ field }) => field.is === 'data').map(({ name }) => name);
    });
    expect(new Set(bare)).toEqual(new Set());
  });
  test('a new question comes with a slot of its own and its required fields', () => {
    const definitions = flowSchema.$defs as Record<string, Record<string, unknown>>;
    const added = newStep(shop, { kind: 'ask_choice', schema: definitions.AskChoice!, definitions, after: 'hello', names: () => [], languages: ['en'] });
    expect(added.step).toEqual({ id: 'ask_choice', step: 'ask_choice', slot: 'choice', choices: ['first', 'second'] });
    expect(added.slots).toEqual({ choice: { type: 'choice', label: 'choice', sensitivity: 'plain' } });
  });
  test('a question for consent can be answered at once', () => {
    const definitions = flowSchema.$defs as Record<string, Record<string, unknown>>;
    const added = newStep(shop, { kind: 'ask_consent', schema: definitions.AskConsent!, definitions, after: 'hello', names: () => [], languages: ['de'] });
    expect(added.step).toMatchObject({ channels: ['email'] });
    expect(added.wording).toEqual({ de: { choices: { yes: 'Ja', no: 'Nein' } } });
  });
  test('an address that is asked for is kept with the contact', () => {
    const definitions = flowSchema.$defs as Record<string, Record<string, unknown>>;
    const added = newStep(shop, { kind: 'ask_email', schema: definitions.AskEmail!, definitions, after: 'hello', names: () => [], languages: ['en'] });
    expect(added.slots).toEqual({ email: { type: 'email', label: 'email', field: 'email' } });
  });
});

describe('conditions', () => {
  const say = (key: string) => key;
  test('read as words, groups in brackets', () => {
    const one = { slot: 'team_size', op: 'at_least', value: 5 };
    expect(conditionInWords({ all: [one, { any: [{ fact: 'vip', op: 'known' }, { fact: 'old', op: 'known' }] }] }, say)).toBe(
      'team size op_at_least 5 and (vip op_known or old op_known)',
    );
    expect(conditionInWords({ not: { segment: 'Berlin' } }, say)).toBe('not (in_segment Berlin)');
  });
  test('keep what fits when their kind or operator changes', () => {
    expect(conditionOf('all', { slot: 'a', op: 'known' })).toEqual({ all: [{ slot: 'a', op: 'known' }] });
    expect(conditionOf('any', { all: [{ slot: 'a', op: 'known' }] })).toEqual({ any: [{ slot: 'a', op: 'known' }] });
    expect(withOperator({ slot: 'a', op: 'is', value: 'x' }, 'in')).toEqual({ slot: 'a', op: 'in', value: ['x'] });
    expect(withOperator({ slot: 'a', op: 'in', value: ['x', 'y'] }, 'known')).toEqual({ slot: 'a', op: 'known' });
    expect(withOperator({ slot: 'a', op: 'is', value: '12' }, 'at_least')).toEqual({ slot: 'a', op: 'at_least', value: 12 });
  });
  test.each([['12', 12], ['-1.5', -1.5], ['true', true], ['007', '007'], ['two', 'two'], ['', '']])('%j typed is %j', (typed, value) => {
    expect(readScalar(typed)).toBe(value);
  });
});

test('a text by channel is written plainly while it is one for all', () => {
  expect(withTextFor('Hello', 'sms', 'Hi')).toEqual({ default: 'Hello', sms: 'Hi' });
  expect(withTextFor({ default: 'Hello', sms: 'Hi' }, 'sms', '')).toBe('Hello');
  expect(withTextFor('Hello', 'default', '')).toBeUndefined();
  expect([textFor('Hello', 'sms'), textHeard('Hello', 'sms')]).toEqual(['', 'Hello']);
});

test('durations are read and written as the language has them', () => {
  expect(readDuration('20 minutes')).toEqual({ count: 20, unit: 'minute' });
  expect(readDuration('soon')).toBeNull();
  expect([writeDuration({ count: 1, unit: 'day' }), writeDuration({ count: 2, unit: 'day' })]).toEqual(['1 day', '2 days']);
  expect([14, 200, 7_200, 400_000].map(shortSeconds)).toEqual(['14 s', '3 min', '2 h', '5 d']);
});
