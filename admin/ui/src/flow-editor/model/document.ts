/** What the editor edits: a flow or journey with its wording and the places of its steps. */

export type Path = readonly (string | number)[];

/** One way on by `next`: the first whose condition holds is taken. */
export interface Option {
  if?: Condition | null;
  to: string;
}

/** A condition as the flow language writes it; its one telling key says which kind it is. */
export type Condition = Readonly<Record<string, unknown>>;

export interface Step {
  readonly id: string;
  readonly step: string;
  readonly next?: string | readonly Option[] | null;
  readonly [field: string]: unknown;
}

export interface Slot {
  readonly type: string;
  readonly label: string;
  readonly [field: string]: unknown;
}

/** A text for every channel, or one by channel of which `default` serves the others. */
export type Text = string | Readonly<Record<string, string>>;
export type StepWording = Readonly<Record<string, unknown>>;
/** What the steps say, by language and step. */
export type Wording = Readonly<Record<string, Readonly<Record<string, StepWording>>>>;

export interface Place {
  readonly x: number;
  readonly y: number;
}

/**
 * A flow or journey with its wording, and where its steps stand. `settings` is all of its file but the steps.
 * The places are no part of what is published.
 */
export interface Document {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly steps: readonly Step[];
  readonly wording: Wording;
  readonly tests: readonly unknown[] | null;
  readonly places: Readonly<Record<string, Place>>;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path; undefined where the path leads nowhere. */
export function valueAt(whole: unknown, path: Path): unknown {
  return path.reduce<unknown>((part, key) => (part === null || part === undefined ? undefined : (part as Record<string | number, unknown>)[key]), whole);
}

/** A copy with another value at the path; undefined takes the key (or the entry of a list) away. */
export function withValueAt<T>(whole: T, path: Path, value: unknown): T {
  const [key, ...rest] = path;
  if (key === undefined) return value as T;
  if (typeof key === 'number') {
    const list: unknown[] = Array.isArray(whole) ? whole : [];
    if (rest.length === 0 && value === undefined) return list.filter((_, index) => index !== key) as T;
    const copy = [...list];
    copy[key] = withValueAt(copy[key], rest, value);
    return copy as T;
  }
  const record: Record<string, unknown> = isRecord(whole) ? whole : {};
  if (rest.length === 0 && value === undefined) {
    return Object.fromEntries(Object.entries(record).filter(([name]) => name !== key)) as T;
  }
  return { ...record, [key]: withValueAt(record[key], rest, value) } as T;
}

/** The slots that a flow declares; a journey has none. */
export function slotsOf(document: Document): Readonly<Record<string, Slot>> {
  return isRecord(document.settings.slots) ? (document.settings.slots as Record<string, Slot>) : {};
}
