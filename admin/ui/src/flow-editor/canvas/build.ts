/** Makes the canvas's nodes and edges of a document. Pure; an object that says the same is given again, so that it is not drawn anew. */
import { MarkerType, Position, type Edge, type Node, type NodeHandle } from '@xyflow/react';
import { isRecord, type Condition, type Document, type Place, type Step } from '../model/document';
import { STEP_HEIGHT, STEP_WIDTH } from '../model/layout';
import { textHeard } from '../model/texts';
import { goesOn, portOf, sideWays, waysOf, type Way } from '../model/ways';

export type Mark = 'added' | 'changed' | 'removed';

export interface StepData extends Record<string, unknown> {
  step: Step;
  /** The name of its kind, and what it says or does in one line. */
  title: string;
  line: string;
  group: string;
  isEntry: boolean;
  isUnreached: boolean;
  isLit: boolean;
  isTarget: boolean;
  isCurrent: boolean;
  isFound: boolean;
  problems: number;
  notes: number;
  mark: Mark | null;
  /** A figure shown below: people waiting, or talks that stopped here. */
  figure: string;
}

export interface WayData extends Record<string, unknown> {
  words: string;
  figure: string;
  isSide: boolean;
  isWalked: boolean;
}

export type StepNode = Node<StepData, 'step'>;
export type WayEdge = Edge<WayData, 'way'>;

const IN: NodeHandle = { id: 'in', type: 'target', position: Position.Top, x: STEP_WIDTH / 2, y: 0, width: 1, height: 1 };
const ON: NodeHandle = { id: 'on', type: 'source', position: Position.Bottom, x: STEP_WIDTH / 2, y: STEP_HEIGHT, width: 1, height: 1 };
const ASIDE: NodeHandle = { id: 'aside', type: 'source', position: Position.Right, x: STEP_WIDTH, y: STEP_HEIGHT / 2, width: 1, height: 1 };
/** Handles stand for what is drawn before it is measured: steps that are not in sight have ways, too. */
export const HANDLES: NodeHandle[] = [IN, ON, ASIDE];

export interface View {
  document: Document;
  language: string;
  title: (kind: string) => string;
  group: (kind: string) => string;
  condition: (condition: Condition) => string;
  way: (way: Way, step: Step) => string;
  entries: ReadonlySet<string>;
  reached: ReadonlySet<string>;
  problems: ReadonlyMap<string, number>;
  notes: ReadonlyMap<string, number>;
  marks: ReadonlyMap<string, Mark>;
  /** Steps that another state had and this one has not, shown where they stood. */
  ghosts: readonly { step: Step; place: Place }[];
  figures: ReadonlyMap<string, string>;
  wayFigures: ReadonlyMap<string, string>;
  lit: string | null;
  walked: ReadonlySet<string>;
  found: ReadonlySet<string>;
  selection: ReadonlySet<string>;
  current: string | null;
  target: string | null;
}

/** The name of a way among all of a flow: from where, and where to. */
export function wayName(from: string, to: string): string {
  return `${from}→${to}`;
}

export function nodesOf(view: View, before: readonly StepNode[]): StepNode[] {
  const known = new Map(before.map((node) => [node.id, node]));
  const own = view.document.steps.map((step, index) =>
    nodeOf(step, view.document.places[step.id] ?? { x: 0, y: index * (STEP_HEIGHT + 40) }, view, view.marks.get(step.id) ?? null, known.get(step.id)),
  );
  const ghosts = view.ghosts.map(({ step, place }) => nodeOf({ ...step, id: `removed:${step.id}` }, place, view, 'removed', known.get(`removed:${step.id}`)));
  return [...own, ...ghosts];
}

function nodeOf(step: Step, position: Place, view: View, mark: Mark | null, before: StepNode | undefined): StepNode {
  const { id } = step;
  const data: StepData = {
    step,
    title: view.title(step.step),
    line: lineOf(step, view),
    group: view.group(step.step),
    isEntry: view.entries.has(id),
    isUnreached: mark !== 'removed' && !view.reached.has(id),
    isLit: view.lit === id,
    isTarget: view.target === id,
    isCurrent: view.current === id,
    isFound: view.found.has(id),
    problems: view.problems.get(id) ?? 0,
    notes: view.notes.get(id) ?? 0,
    mark,
    figure: view.figures.get(id) ?? '',
  };
  const selected = view.selection.has(id);
  if (before && before.selected === selected && before.position.x === position.x && before.position.y === position.y && sameData(before.data, data)) return before;
  const isGhost = mark === 'removed';
  return {
    ...before,
    id, type: 'step', position: { x: position.x, y: position.y }, data, selected,
    width: STEP_WIDTH, height: STEP_HEIGHT, handles: HANDLES,
    ...(isGhost ? { draggable: false, selectable: false, connectable: false } : {}),
  };
}

function sameData(one: StepData, other: StepData): boolean {
  return Object.keys(other).every((key) => one[key] === other[key]);
}

/** What it says in the language shown, or what sets it apart from others of its kind. */
function lineOf(step: Step, { document, language }: View): string {
  const words = document.wording[language]?.[step.id];
  const said = textHeard(words?.text, 'default');
  if (said) return said;
  const telling = ['outcome', 'flow', 'journey', 'duration', 'segment', 'field', 'connector', 'team', 'calendar', 'stage', 'kind', 'slot', 'purpose', 'score', 'goal', 'at'];
  for (const name of telling) {
    const value = step[name];
    if (typeof value === 'string' && value) return value.replaceAll('_', ' ');
    if (isRecord(value) && typeof value.kind === 'string') return value.kind.replaceAll('_', ' ');
  }
  const list = ['channels', 'add', 'set', 'variants', 'bands'].map((name) => step[name]).find((value) => value !== undefined);
  if (Array.isArray(list)) return list.map((part) => (isRecord(part) ? String(part.name ?? part.at_least ?? '') : String(part))).join(', ');
  return isRecord(list) ? Object.keys(list).join(', ') : '';
}

export function edgesOf(view: View, before: readonly WayEdge[]): WayEdge[] {
  const { document } = view;
  const known = new Map(before.map((edge) => [edge.id, edge]));
  const steps = new Map(document.steps.map((step) => [step.id, step]));
  const ways = [...waysOf(document.steps).values()].flat().filter((way) => steps.has(way.to));
  const shown = new Set<string>();
  return ways.map((way) => {
    const step = steps.get(way.from) as Step;
    const name = wayName(way.from, way.to);
    // Figures are of where talks went: two ways to one step share them, told at the first.
    const figure = shown.has(name) ? '' : view.wayFigures.get(name) ?? '';
    shown.add(name);
    const data: WayData = { words: view.way(way, step), figure, isSide: way.side, isWalked: view.walked.has(name) };
    const id = `${way.from}:${portOf(way.within)}`;
    const old = known.get(id);
    if (old && old.target === way.to && old.data && sameWay(old.data, data)) return old;
    return {
      id, type: 'way', source: way.from, target: way.to, sourceHandle: way.side ? 'aside' : 'on', targetHandle: 'in', data,
      markerEnd: { type: MarkerType.ArrowClosed, width: 20, height: 20, markerUnits: 'userSpaceOnUse', color: data.isWalked ? 'var(--accent)' : 'var(--edge)' },
      focusable: false,
    };
  });
}

function sameWay(one: WayData, other: WayData): boolean {
  return one.words === other.words && one.figure === other.figure && one.isSide === other.isSide && one.isWalked === other.isWalked;
}

export function hasSideWays(step: Step): boolean {
  return sideWays(step).length > 0;
}

export function mayLeadOn(step: Step): boolean {
  return goesOn(step);
}
