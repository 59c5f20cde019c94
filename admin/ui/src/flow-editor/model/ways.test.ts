/** The graph of a list of steps, and that what is known here of kinds and links is what the server's schema says. */
import { describe, expect, test } from 'vitest';
import flowSchema from '../../../../../docs/reference/flow.schema.json';
import journeySchema from '../../../../../docs/reference/journey.schema.json';
import { isRecord, type Step } from './document';
import { CLOSING, ENTERING, LINKS, SPLITTING, portOf, sideWays, waysOf } from './ways';

const kinds = [flowSchema, journeySchema].flatMap((schema) =>
  Object.values(schema.$defs as Record<string, Record<string, unknown>>)
    .filter(({ properties }) => isRecord(properties) && isRecord(properties.step))
    .map(({ properties }) => properties as Record<string, Record<string, unknown>>),
);
const nameOf = (properties: Record<string, Record<string, unknown>>) => String(properties.step?.const);

test('steps without a way by next are those that close or split', () => {
  const without = kinds.filter(({ next }) => next?.type === 'null').map(nameOf);
  expect(new Set(without)).toEqual(new Set([...CLOSING, ...SPLITTING]));
});

test('every field that links is one of some kind of step', () => {
  const fields = new Set(kinds.flatMap((properties) => Object.keys(properties)));
  expect(Object.values(LINKS).flat().filter((name) => !fields.has(name))).toEqual([]);
});

test('every kind that begins a journey is one of a journey', () => {
  const names = new Set(kinds.map(nameOf));
  expect([...ENTERING].filter((kind) => !names.has(kind))).toEqual([]);
});

describe('ways', () => {
  const steps: Step[] = [
    { id: 'in', step: 'on_event', kind: 'order' },
    { id: 'again', step: 'on_date', field: 'renewal' },
    { id: 'fork', step: 'branch', next: [{ if: { fact: 'vip', op: 'known' }, to: 'out' }, { to: 'try' }] },
    { id: 'try', step: 'experiment', variants: [{ name: 'a', weight: 1, to: 'out' }, { name: 'b', weight: 1, to: 'gone' }], holdout: { percent: 5, to: 'out' } },
    { id: 'out', step: 'exit' },
    { id: 'lost', step: 'message' },
  ];
  const ways = waysOf(steps);

  test('without next lead to the step that follows, over those that begin a journey', () => {
    expect(ways.get('in')?.map((way) => way.to)).toEqual(['fork']);
    expect(ways.get('again')?.map((way) => way.to)).toEqual(['fork']);
  });

  test('name where they are written', () => {
    expect(ways.get('fork')?.map((way) => portOf(way.within))).toEqual(['next.0.to', 'next.1.to']);
    expect(ways.get('try')?.map((way) => portOf(way.within))).toEqual(['holdout.to', 'variants.0.to', 'variants.1.to']);
  });

  test('are given also where they lead to nothing, and none after the end', () => {
    expect(ways.get('try')?.at(-1)?.to).toBe('gone');
    expect(ways.get('out')).toEqual([]);
    expect(ways.get('lost')).toEqual([]);
  });

  test('of routes and outcomes are side ways, an empty one is none', () => {
    expect(sideWays({ id: 'r', step: 'intent_route', routes: { buy: 'out', sell: '' } }).map(({ within }) => within)).toEqual([['routes', 'buy']]);
  });
});
