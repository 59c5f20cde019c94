/** The graph that a list of steps makes, read as the server reads it (flows/graph.py). Pure; decides nothing about validity. */
import { isRecord, type Condition, type Option, type Path, type Step } from './document';

/** Steps after which it does not go on, and steps whose ways are all their own. */
export const CLOSING: ReadonlySet<string> = new Set(['return', 'jump', 'handoff', 'end', 'exit']);
export const SPLITTING: ReadonlySet<string> = new Set(['split', 'experiment']);
/** Steps with which a journey may begin; nothing leads to them. */
export const ENTERING: ReadonlySet<string> = new Set([
  'on_event', 'on_segment', 'on_date', 'on_conversation_outcome', 'manual_or_api',
]);

/** Fields of a step that name another step, by where in the field the name stands. */
export const LINKS = {
  plain: ['fallback', 'failed', 'timed_out', 'none_free', 'not_found', 'missing', 'past', 'unreached', 'not_allowed'],
  inside: ['no_reply_after', 'holdout'],
  listed: ['variants', 'bands'],
  mapped: ['routes', 'ways'],
} as const;

/**
 * One way on. `within` is where in the step it is written, empty when it is the step that follows in the list;
 * `side` tells that it is taken otherwise than by `next`.
 */
export interface Way {
  readonly from: string;
  readonly to: string;
  readonly within: Path;
  readonly side: boolean;
  readonly condition?: Condition;
}

export function goesOn(step: Step): boolean {
  return !CLOSING.has(step.step) && !SPLITTING.has(step.step);
}

/** The options of `next` as a list, whichever way it is written. */
export function writtenOptions(step: Step): readonly Option[] {
  if (typeof step.next === 'string') return step.next ? [{ to: step.next }] : [];
  return Array.isArray(step.next) ? step.next : [];
}

/** The steps that each step may lead to besides `next`, with where that is written. */
export function sideWays(step: Step): { within: Path; to: string }[] {
  const found: { within: Path; to: string }[] = [];
  const take = (within: Path, to: unknown) => typeof to === 'string' && to && found.push({ within, to });
  for (const name of LINKS.inside) {
    const part = step[name];
    if (isRecord(part)) take([name, 'to'], part.to);
  }
  for (const name of LINKS.plain) take([name], step[name]);
  for (const name of LINKS.listed) {
    const list = step[name];
    if (Array.isArray(list)) list.forEach((part, index) => isRecord(part) && take([name, index, 'to'], part.to));
  }
  for (const name of LINKS.mapped) {
    const map = step[name];
    if (isRecord(map)) Object.entries(map).forEach(([key, to]) => take([name, key], to));
  }
  return found;
}

/** All ways on from each step, also those to steps that do not exist. */
export function waysOf(steps: readonly Step[]): Map<string, Way[]> {
  const ways = new Map<string, Way[]>();
  let following: string | undefined;
  for (const step of [...steps].reverse()) {
    const written = writtenOptions(step);
    const byNext: Way[] = written.length
      ? written.map(({ to, if: condition }, index) => ({
          from: step.id, to, side: false,
          within: typeof step.next === 'string' ? ['next'] : ['next', index, 'to'],
          ...(condition ? { condition } : {}),
        }))
      : following !== undefined && goesOn(step)
        ? [{ from: step.id, to: following, within: [], side: false }]
        : [];
    const aside = sideWays(step).map(({ within, to }) => ({ from: step.id, to, within, side: true }));
    if (!ways.has(step.id)) ways.set(step.id, [...byNext, ...aside]);
    if (!ENTERING.has(step.step)) following = step.id;
  }
  // Read backwards, shown as written.
  return new Map([...ways].reverse());
}

/** The ways that lead to each step. */
export function waysInto(ways: ReadonlyMap<string, readonly Way[]>): Map<string, Way[]> {
  const into = new Map<string, Way[]>();
  for (const way of [...ways.values()].flat()) {
    const known = into.get(way.to);
    if (known) known.push(way);
    else into.set(way.to, [way]);
  }
  return into;
}

/** The steps it may begin with. */
export function entriesOf(steps: readonly Step[]): string[] {
  const entering = steps.filter((step) => ENTERING.has(step.step)).map((step) => step.id);
  return entering.length > 0 ? entering : steps.slice(0, 1).map((step) => step.id);
}

/** The name of a way among those of its step: "next", "next.0.to", "routes.buy". */
export function portOf(within: Path): string {
  return within.length === 0 ? 'next' : within.join('.');
}
