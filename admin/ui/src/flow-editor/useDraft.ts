/** The draft one edits: undo and redo, saved by itself, with what others change taken in. Shows nothing. */
import { useCallback, useEffect, useReducer, useRef, useState } from 'react';
import { asAPIError } from '../api/problem';
import { keepBeforeReload } from '../app/newBuild';
import { slotsOf, withValueAt, type Document, type Step, type Wording } from './model/document';
import { begin, move, type History, type Move } from './model/history';
import { changeBetween, isSame } from './model/merging';
import type { Conflict, Content, FlowDocument } from './shapes';
import { beginDraft, discardDraft, readContent, restoreDraft, saveDraft, saveLayout, useOthers } from './useFlows';

const PAUSE = 700; // milliseconds without an edit after which it is saved
const LAYOUT_PAUSE = 400; // milliseconds
const MOST_TURNS = 5; // of saving in one go

type Parts = Pick<Document, 'settings' | 'steps' | 'wording' | 'tests'>;
export type Saving =
  | { is: 'saved' | 'waiting' | 'saving' }
  | { is: 'failed'; why: string }
  | { is: 'conflict'; conflicts: readonly Conflict[]; version: number };
export type Choice = 'theirs' | 'mine';

export interface Draft {
  history: History<Document>;
  document: Document;
  edit: (to: Document, about?: string) => void;
  undo: () => void;
  redo: () => void;
  saving: Saving;
  /** The saved revision; 0 where there is no draft. */
  version: number;
  hasDraft: boolean;
  /** Another version went live since the draft was begun. */
  isOutdated: boolean;
  save: () => Promise<void>;
  resolve: (choices: readonly Choice[]) => Promise<void>;
  restore: (state: string) => Promise<void>;
  discard: () => Promise<void>;
  /** Names of parts that somebody else changed while this was open, the latest last. */
  othersChanged: readonly string[];
  /** What colleagues noted, as it is now. */
  notes: FlowDocument['notes'];
  /** Gives steps places as if they had always been there: nothing to undo. */
  place: (places: Document['places']) => void;
}

export function documentFrom(found: FlowDocument): Document {
  return { ...partsFrom(found.content), places: found.layout };
}

function partsFrom(content: FlowDocument['content']): Parts {
  return {
    settings: content?.settings ?? {},
    steps: (content?.steps ?? []) as unknown as readonly Step[],
    wording: (content?.wording ?? {}) as Wording,
    tests: content?.tests ?? null,
  };
}

function contentOf({ settings, steps, wording, tests }: Parts): Content {
  // A language without a word is kept by no file.
  const spoken = Object.fromEntries(Object.entries(wording).filter(([, words]) => Object.keys(words).length > 0));
  return { settings, steps, wording: spoken, tests } as unknown as Content;
}

export function useDraft(item: string, opened: FlowDocument, mayWrite: boolean): Draft {
  const [history, dispatch] = useReducer(move as (state: History<Document>, action: Move<Document>) => History<Document>, opened, (found) => begin(documentFrom(found)));
  const [saving, setSaving] = useState<Saving>({ is: 'saved' });
  const [version, setVersion] = useState(opened.version);
  const [hasDraft, setHasDraft] = useState(opened.draft !== null);
  const [othersChanged, setOthersChanged] = useState<readonly string[]>([]);
  const document = history.present;
  const latest = useRef(document);
  latest.current = document;
  /** What the server has, as far as is known here. */
  const base = useRef<{ version: number; parts: Parts; hasDraft: boolean }>({ version: opened.version, parts: partsFrom(opened.content), hasDraft: opened.draft !== null });
  const savedPlaces = useRef(opened.layout);
  const isBusy = useRef(false);
  /** What was asked before this says nothing of how things stand since. */
  const settledAt = useRef(Date.now());

  const settle = useCallback((at: number, parts: Parts, isDraft: boolean) => {
    base.current = { version: at, parts, hasDraft: isDraft };
    settledAt.current = Date.now();
    setVersion(at);
    setHasDraft(isDraft);
  }, []);

  const save = useCallback(async () => {
    if (isBusy.current) return;
    isBusy.current = true;
    try {
      // What is written while one saving runs is saved by the next turn of the loop.
      for (let turn = 0; turn < MOST_TURNS && !isSame(contentOf(latest.current), contentOf(base.current.parts)); turn += 1) {
        setSaving({ is: 'saving' });
        if (!base.current.hasDraft) {
          // Somebody else may have begun one meanwhile: what is in it is taken in first.
          const begun = await beginDraft({ item });
          const parts = partsFrom(begun.content);
          const change = changeBetween(base.current.parts, parts);
          latest.current = change(latest.current);
          dispatch({ type: 'absorb', change });
          settle(begun.version, parts, true);
        }
        const sent: Parts = latest.current;
        const outcome = await saveDraft(item, contentOf(sent), base.current.version);
        if ('conflicts' in outcome) {
          setSaving({ is: 'conflict', ...outcome });
          return;
        }
        const kept = partsFrom(outcome.saved.content);
        settle(outcome.saved.version, kept, true);
        const change = changeBetween(sent, kept);
        latest.current = change(latest.current);
        dispatch({ type: 'absorb', change });
        if (outcome.saved.merged.length > 0) setOthersChanged((known) => [...known, ...outcome.saved.merged]);
      }
      setSaving({ is: 'saved' });
    } catch (error) {
      setSaving({ is: 'failed', why: asAPIError(error).message });
    } finally {
      isBusy.current = false;
    }
  }, [item, settle]);

  const isDirty = document.steps !== base.current.parts.steps || document.wording !== base.current.parts.wording || document.settings !== base.current.parts.settings || document.tests !== base.current.parts.tests;
  useEffect(() => {
    if (!isDirty || saving.is === 'conflict') return;
    if (isSame(contentOf(document), contentOf(base.current.parts))) return;
    setSaving((now) => (now.is === 'saved' ? { is: 'waiting' } : now));
    const timer = window.setTimeout(() => void save(), PAUSE);
    return () => window.clearTimeout(timer);
    // A failed saving is tried again with the next edit, or by hand.
  }, [document, save]);

  // Whoever goes elsewhere in the pages leaves nothing unsaved behind.
  useEffect(() => () => void save(), [save]);
  useEffect(() => keepBeforeReload(save), [save]);
  usePlacesSaved(item, document, savedPlaces, mayWrite);
  useLeaveWarning(saving.is !== 'saved');

  const takeIn = useCallback((found: FlowDocument) => {
    if ((found.version === base.current.version && (found.draft !== null) === base.current.hasDraft) || found.content === null) return;
    const kept = partsFrom(found.content);
    const change = changeBetween(base.current.parts, kept);
    settle(found.version, kept, found.draft !== null);
    latest.current = change(latest.current);
    dispatch({ type: 'absorb', change });
    if (found.draft) setOthersChanged((known) => [...known, found.draft?.by ?? '']);
  }, [settle]);

  const others = useOthers(item, true);
  useEffect(() => {
    // Taken in only while nothing of one's own is on the way: else saving merges it.
    if (others.data && !isBusy.current && saving.is === 'saved' && others.data.askedAt > settledAt.current) takeIn(others.data.found);
  }, [others.data, takeIn]);

  const edit = useCallback((to: Document, about?: string) => {
    latest.current = to;
    dispatch({ type: 'edit', to, at: Date.now(), ...(about === undefined ? {} : { about }) });
  }, []);

  const resolve = useCallback(async (choices: readonly Choice[]) => {
    if (saving.is !== 'conflict') return;
    const found = await readContent(item, 'draft');
    const mine = latest.current;
    const kept = partsFrom(found.content);
    // All that is theirs first, then what was chosen to be mine.
    const theirs = changeBetween(base.current.parts, kept)(mine);
    const chosen = saving.conflicts.reduce((whole, conflict, index) => (choices[index] === 'mine' ? withPart(whole, conflict, mine) : whole), theirs);
    settle(found.version, kept, true);
    latest.current = chosen;
    dispatch({ type: 'edit', to: chosen, at: Date.now() });
    setSaving({ is: 'waiting' });
    await save();
  }, [item, save, saving, settle]);

  const replace = useCallback((found: Content, at: number, isDraft: boolean) => {
    const parts = partsFrom(found);
    const to = { ...parts, places: latest.current.places };
    settle(at, parts, isDraft);
    latest.current = to;
    dispatch({ type: 'edit', to, at: Date.now() });
    setSaving({ is: 'saved' });
  }, [settle]);

  const restore = useCallback(async (state: string) => {
    await save();
    if (!base.current.hasDraft) base.current = { ...base.current, version: (await beginDraft({ item })).version, hasDraft: true };
    const saved = await restoreDraft(item, state, base.current.version);
    replace(saved.content, saved.version, true);
  }, [item, replace, save]);

  const discard = useCallback(async () => {
    await discardDraft(item, base.current.version);
    if (opened.live === null) return;
    const live = await readContent(item);
    if (live.content) replace(live.content, live.version, false);
  }, [item, opened.live, replace]);

  return {
    history, document, edit, saving, version, hasDraft, save, resolve, restore, discard, othersChanged,
    isOutdated: hasDraft && (others.data?.found ?? opened).draft?.outdated === true,
    notes: others.data?.found.notes ?? opened.notes,
    place: useCallback((places: Document['places']) => dispatch({ type: 'absorb', change: (one) => ({ ...one, places: { ...places, ...one.places } }) }), []),
    undo: useCallback(() => dispatch({ type: 'undo' }), []),
    redo: useCallback(() => dispatch({ type: 'redo' }), []),
  };
}

/** The document with one part as it is in another. */
function withPart(document: Document, { part, name, language }: Conflict, from: Document): Document {
  switch (part) {
    case 'setting':
      return { ...document, settings: withValueAt(document.settings, [name], from.settings[name]) };
    case 'slot':
      return { ...document, settings: withValueAt(document.settings, ['slots', name], slotsOf(from)[name]) };
    case 'wording':
      return { ...document, wording: withValueAt(document.wording, [language ?? '', name], from.wording[language ?? '']?.[name]) };
    case 'step': {
      const step = from.steps.find(({ id }) => id === name);
      if (!step) return { ...document, steps: document.steps.filter(({ id }) => id !== name) };
      const isThere = document.steps.some(({ id }) => id === name);
      return { ...document, steps: isThere ? document.steps.map((one) => (one.id === name ? step : one)) : [...document.steps, step] };
    }
    case 'tests':
      return { ...document, tests: from.tests };
    case 'order': {
      const rank = new Map(from.steps.map(({ id }, index) => [id, index]));
      return { ...document, steps: [...document.steps].sort((one, other) => (rank.get(one.id) ?? Infinity) - (rank.get(other.id) ?? Infinity)) };
    }
    default:
      return document;
  }
}

/** Where steps stand is kept beside the content, so it is saved by itself and needs no revision. */
function usePlacesSaved(item: string, { places }: Document, saved: { current: Readonly<Record<string, { x: number; y: number }>> }, mayWrite: boolean) {
  useEffect(() => {
    if (!mayWrite) return;
    const moved = Object.entries(places).filter(([id, place]) => !isSame(saved.current[id], place));
    if (moved.length === 0) return;
    const timer = window.setTimeout(() => {
      saveLayout(item, Object.fromEntries(moved.map(([id, { x, y }]) => [id, { x, y }]))).then(
        () => { saved.current = places; },
        // The places are tried again with the next move; nothing of the content is lost.
        () => undefined,
      );
    }, LAYOUT_PAUSE);
    return () => window.clearTimeout(timer);
  }, [item, mayWrite, places, saved]);
}

function useLeaveWarning(isUnsaved: boolean) {
  useEffect(() => {
    if (!isUnsaved) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, [isUnsaved]);
}
