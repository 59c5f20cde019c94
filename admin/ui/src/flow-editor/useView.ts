/** What the canvas shows, put together from the document and all that is known beside it. */
import { useMemo } from 'react';
import { conditionInWords } from './model/conditions';
import { isSame } from './model/merging';
import type { Document, Step } from './model/document';
import { entriesOf, waysOf } from './model/ways';
import { shortSeconds } from './model/durations';
import { wayName, type Mark, type View } from './canvas/build';
import { wayWords } from './canvas/Canvas';
import type { FlowDocument, ItemNote, JourneyDetail, Problem, StepKind } from './shapes';
import type { Simulated } from './trial/PeopleTrial';
import { useEditorWords } from './words';

/** What is known of how a flow or journey was gone through. */
interface Passed {
  readonly steps: readonly { step: string; arrived: number; stopped: number }[];
  readonly edges: readonly { step: string; to: string; share: number; median_seconds: number | null }[];
}

interface Seen {
  document: Document;
  language: string;
  kinds: ReadonlyMap<string, StepKind>;
  problems: readonly Problem[];
  notes: readonly ItemNote[];
  compared: FlowDocument | undefined;
  dropOff: Passed | undefined;
  journey: JourneyDetail | undefined;
  /** People of a trial, who are shown instead of real ones. */
  simulated: Simulated | null;
  lit: string | null;
  walked: readonly { from: string; to: string }[];
  found: ReadonlySet<string>;
  selection: ReadonlySet<string>;
  current: string | null;
  target: string | null;
}

export function useView(seen: Seen): View {
  const { document, language, kinds, problems, notes, compared, dropOff, journey, simulated, lit, walked, found, selection, current, target } = seen;
  const words = useEditorWords();
  const graph = useMemo(() => {
    const entries = entriesOf(document.steps);
    return { entries: new Set(entries), reached: reachedFrom(entries, document.steps) };
  }, [document.steps]);
  const counts = useMemo(() => ({ problems: countBy(problems), notes: countBy(notes.filter((note) => !note.done)) }), [notes, problems]);
  const compare = useMemo(() => comparedWith(compared, document), [compared, document]);
  const figures = useMemo(() => (simulated ? figuresOfTrial(simulated) : figuresOf(dropOff, journey)), [dropOff, journey, simulated]);
  const say = useMemo(() => ({
    title: words.kind,
    group: (kind: string) => (kinds.get(kind)?.group ?? '').toLowerCase(),
    condition: (condition: Parameters<typeof conditionInWords>[0]) => conditionInWords(condition, words.condition),
    way: (way: Parameters<typeof wayWords>[0], step: Step) => wayWords(way, step, {
      condition: (one) => (one.condition ? conditionInWords(one.condition, words.condition) : ''),
      field: words.field, value: words.value, otherwise: words.t('otherwise'),
    }),
  }), [kinds, words]);
  const walkedNames = useMemo(() => new Set(walked.map(({ from, to }) => wayName(from, to))), [walked]);
  return useMemo(() => ({
    document, language, ...say, ...graph, ...counts, ...compare, ...figures, lit, walked: walkedNames, found, selection, current, target,
  }), [document, language, say, graph, counts, compare, figures, lit, walkedNames, found, selection, current, target]);
}

function reachedFrom(entries: readonly string[], steps: readonly Step[]): Set<string> {
  const ways = waysOf(steps);
  const met = new Set<string>();
  const waiting = [...entries];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (met.has(id)) continue;
    met.add(id);
    waiting.push(...(ways.get(id) ?? []).map((way) => way.to));
  }
  return met;
}

function countBy(found: readonly { step: string | null }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { step } of found) if (step !== null) counts.set(step, (counts.get(step) ?? 0) + 1);
  return counts;
}

/** How the document differs from another state of it: marks on steps, and those that are gone where they stood. */
function comparedWith(other: FlowDocument | undefined, document: Document): Pick<View, 'marks' | 'ghosts'> {
  const marks = new Map<string, Mark>();
  if (!other?.content) return { marks, ghosts: [] };
  const before = new Map((other.content.steps as unknown as readonly Step[]).map((step) => [step.id, step]));
  const wording = other.content.wording as Document['wording'];
  const languages = [...new Set([...Object.keys(wording), ...Object.keys(document.wording)])];
  for (const step of document.steps) {
    const old = before.get(step.id);
    const sameWords = languages.every((language) => isSame(wording[language]?.[step.id] ?? {}, document.wording[language]?.[step.id] ?? {}));
    if (!old) marks.set(step.id, 'added');
    else if (!isSame(old, step) || !sameWords) marks.set(step.id, 'changed');
  }
  const here = new Set(document.steps.map(({ id }) => id));
  const right = Math.max(0, ...Object.values(document.places).map(({ x }) => x)) + 320;
  const ghosts = [...before.values()].filter(({ id }) => !here.has(id)).map((step, index) => ({ step, place: other.layout[step.id] ?? { x: right, y: index * 130 } }));
  return { marks, ghosts };
}

function figuresOfTrial({ steps, ways }: Simulated): Pick<View, 'figures' | 'wayFigures'> {
  return {
    figures: new Map(steps.filter(({ arrived }) => arrived > 0).map(({ step, arrived }) => [step, String(arrived)])),
    wayFigures: new Map(ways.map(({ step, to, people }) => [wayName(step, to), String(people)])),
  };
}

function figuresOf(dropOff: Passed | undefined, journey: JourneyDetail | undefined): Pick<View, 'figures' | 'wayFigures'> {
  const figures = new Map<string, string>();
  const wayFigures = new Map<string, string>();
  for (const { step, people } of journey?.standing ?? []) figures.set(step, String(Number(figures.get(step) ?? 0) + people));
  for (const { step, arrived, stopped } of dropOff?.steps ?? []) if (arrived > 0) figures.set(step, stopped > 0 ? `${arrived} · −${Math.round((100 * stopped) / arrived)} %` : String(arrived));
  for (const { step, to, share, median_seconds: median } of dropOff?.edges ?? []) {
    wayFigures.set(wayName(step, to), [`${Math.round(share * 100)} %`, median === null ? '' : shortSeconds(median)].filter(Boolean).join(', '));
  }
  return { figures, wayFigures };
}
