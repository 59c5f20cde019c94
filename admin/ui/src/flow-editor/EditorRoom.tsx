/** An open editor: canvas, panel, tool bar, and the keys that work everywhere in it. */
import { Tabs, Text } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useReactFlow } from '@xyflow/react';
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState, type ClipboardEvent, type KeyboardEvent } from 'react';
import { useNavigate } from 'react-router';
import { useMay } from '../session/useMay';
import { AddStepDialog } from './AddStepDialog';
import { Canvas } from './canvas/Canvas';
import { ConflictDialog } from './ConflictDialog';
import { EditorContext, type Editor } from './EditorContext';
import { FiguresPanel } from './FiguresPanel';
import { FindDialog } from './FindDialog';
import { HistoryPanel } from './HistoryPanel';
import { KeysDialog } from './KeysDialog';
import { copySteps, pasteSteps, readClip } from './model/clipboard';
import { slotsOf, type Path, type Place } from './model/document';
import { addStep, connect, removeSteps, stepOf, withPlaces } from './model/editing';
import type { NameSource, Schema } from './model/fields';
import { layOut, STEP_HEIGHT, STEP_WIDTH } from './model/layout';
import { newStep } from './model/newStep';
import { findSteps } from './model/search';
import { entriesOf, waysOf } from './model/ways';
import { ProblemsPanel } from './panel/ProblemsPanel';
import { SettingsPanel } from './panel/SettingsPanel';
import { StepPanel } from './panel/StepPanel';
import { PublishDialog } from './PublishDialog';
import type { FlowDocument, Names, Problem, StepKinds } from './shapes';
import { Simulator, type Standing } from './Simulator';
import { ToolBar } from './ToolBar';
import { JourneyTrial } from './trial/JourneyTrial';
import type { Simulated } from './trial/PeopleTrial';
import { useDraft } from './useDraft';
import { useDropOff, useFlowState, useJourneyFigures, useProblems } from './useFlows';
import { useJourneyDropOff } from './useTrials';
import { useView } from './useView';
import { useEditorWords } from './words';
import styles from './editor.module.css';

type Tab = 'step' | 'settings' | 'problems' | 'simulator' | 'figures' | 'history';
type Dialog = { is: 'add'; after: string | null; within?: Path } | { is: 'find' } | { is: 'keys' } | { is: 'publish'; rollBackTo: number | null } | null;

const NOBODY: Standing = { step: null, walked: [] };
const NOTHING: ReadonlySet<string> = new Set();
const NO_PROBLEMS: readonly Problem[] = [];

interface Props {
  item: string;
  isJourney: boolean;
  opened: FlowDocument;
  kinds: StepKinds;
  names: Names;
}

export function EditorRoom({ item, isJourney, opened, kinds: allKinds, names }: Props) {
  const words = useEditorWords();
  const { t } = words;
  const may = useMay();
  const mayWrite = may('flows.write');
  const flow = useReactFlow();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const draft = useDraft(item, opened, mayWrite);
  const { document, edit } = draft;
  const name = item.split('/')[1] ?? item;
  const title = typeof document.settings.name === 'string' ? document.settings.name : name;
  useDocumentTitle(`${title} · Parley`);

  const [current, setCurrent] = useState<string | null>(() => entriesOf(document.steps)[0] ?? null);
  const [selection, setSelection] = useState<ReadonlySet<string>>(NOTHING);
  const [shown, setShown] = useState(0);
  const [tab, setTab] = useState<Tab>('step');
  const [dialog, setDialog] = useState<Dialog>(null);
  const [connecting, setConnecting] = useState<string | null>(null);
  const [target, setTarget] = useState<string | null>(null);
  const [standing, setStanding] = useState<Standing>(NOBODY);
  const [compared, setCompared] = useState<string | null>(null);
  const [days, setDays] = useState<number | null>(null);
  const [simulated, setSimulated] = useState<Simulated | null>(null);
  const [wanted, setWanted] = useState('');
  const [told, setTold] = useState('');
  const languages = useMemo(() => languagesOf(document.settings.language, document.wording, names), [document.settings.language, document.wording, names]);
  const [language, setLanguage] = useState(languages[0] ?? names.default_language);
  const writtenIn = Object.keys(document.wording).length > 0 ? Object.keys(document.wording) : languages.slice(0, 1);
  const panel = useRef<HTMLElement>(null);

  const kinds = useMemo(() => new Map((isJourney ? allKinds.journey : allKinds.flow).map((kind) => [kind.kind, kind])), [allKinds, isJourney]);
  const problems = useProblems(item, draft.version);
  const dropOff = useDropOff(item, isJourney ? null : days);
  const passed = useJourneyDropOff(name, isJourney ? days : null);
  const journey = useJourneyFigures(name, isJourney && opened.live !== null);
  const comparison = useFlowState(item, compared);
  const found = useMemo(() => new Set(findSteps(document, draft.notes, wanted, words.kind).map(({ step }) => step)), [document, draft.notes, wanted, words.kind]);

  const goTo = useCallback((step: string) => {
    if (!stepOf(document, step)) return;
    setCurrent(step);
    setSelection(new Set([step]));
    setTab('step');
    setShown((before) => before + 1);
  }, [document]);
  const namesOf = useCallback((source: NameSource) => namesIn(source, document, names), [document, names]);

  const editor: Editor = {
    item, isJourney, document, kinds, definitions: allKinds.definitions, names, namesOf, language, languages, problems: problems.data ?? NO_PROBLEMS, notes: draft.notes, mayWrite, edit,
    setLanguage, goTo, reloadNotes: () => void queries.invalidateQueries({ queryKey: ['flows', 'others', item] }),
  };
  const view = useView({
    document, language, kinds, problems: editor.problems, notes: draft.notes, compared: compared === null ? undefined : comparison.data, dropOff: isJourney ? passed.data : dropOff.data,
    journey: journey.data, simulated, lit: standing.step, walked: standing.walked, found: dialog?.is === 'find' ? found : NOTHING, selection, current, target,
  });
  const isPlaced = usePlaced(document.steps, document.places, draft.place);

  const others = draft.othersChanged.length;
  useEffect(() => {
    if (others > 0) setTold(t('told_others'));
  }, [others, t]);

  const chosen = current === null ? undefined : stepOf(document, current);
  const remove = (ids: readonly string[]) => {
    const after = removeSteps(document, ids);
    if (after === document) return;
    const next = waysOf(document.steps).get(ids[0] ?? '')?.map((way) => way.to).find((to) => stepOf(after, to)) ?? after.steps[0]?.id ?? null;
    edit(after);
    setCurrent(next);
    setSelection(NOTHING);
    setShown((before) => before + 1);
    setTold(t('told_removed', { count: ids.length }));
  };
  const add = (kind: string) => {
    const schema = kinds.get(kind)?.schema;
    if (!schema || dialog?.is !== 'add') return;
    const after = dialog.after ?? undefined;
    const made = newStep(document, { kind, schema, definitions: allKinds.definitions, after, names: namesOf, languages: writtenIn });
    const { place, others: moved } = makeRoom(after, document.places);
    edit(addStep(withPlaces(document, moved), { ...made, place }, after, dialog.within ?? ['next']));
    setDialog(null);
    setCurrent(made.step.id);
    setSelection(new Set([made.step.id]));
    setTab('step');
    setShown((before) => before + 1);
    setTold(t('told_added', { step: made.step.id }));
  };
  const endConnecting = () => {
    setConnecting(null);
    setTarget(null);
    setShown((before) => before + 1);
  };
  const paste = (text: string) => {
    const clip = readClip(text);
    if (!clip || !mayWrite) return false;
    const { document: pasted, added } = pasteSteps(document, clip);
    const base = current === null ? undefined : document.places[current];
    const places = Object.fromEntries(added.map((id, index) => [id, { x: (base?.x ?? 0) + 300, y: (base?.y ?? 0) + index * (STEP_HEIGHT + 40) }]));
    edit(withPlaces(pasted, places));
    setSelection(new Set(added));
    setCurrent(added[0] ?? current);
    setShown((before) => before + 1);
    setTold(t('told_pasted', { count: added.length }));
    return true;
  };
  const tidy = () => void layOut(document.steps).then((places) => {
    edit(withPlaces(document, places));
    window.requestAnimationFrame(() => void flow.fitView({ maxZoom: 1, padding: 0.12, duration: 200 }));
  });
  const onCopy = (event: ClipboardEvent) => {
    if (isTyping(event.target) || current === null) return;
    const ids = selection.size > 0 ? selection : new Set([current]);
    event.clipboardData.setData('text/plain', copySteps(document, ids));
    event.preventDefault();
    if (event.type === 'cut' && mayWrite) remove([...ids]);
    else setTold(t('told_copied', { count: ids.size }));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const withCtrl = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (withCtrl && key === 'f') setDialog({ is: 'find' });
    else if (withCtrl && key === 's') void draft.save();
    else if (isTyping(event.target)) return;
    else if (withCtrl && key === 'z') (event.shiftKey ? draft.redo : draft.undo)();
    else if (withCtrl && key === 'y') draft.redo();
    else if (withCtrl && key === 'a') setSelection(new Set(document.steps.map(({ id }) => id)));
    else if (event.key === '?') setDialog({ is: 'keys' });
    else return;
    event.preventDefault();
  };
  const openPanel = (step: string) => {
    goTo(step);
    window.requestAnimationFrame(() => window.requestAnimationFrame(() => panel.current?.querySelector<HTMLElement>('textarea:not([disabled]), input:not([disabled])')?.focus()));
  };

  return (
    <EditorContext value={editor}>
      <div
        className={styles.editor} onKeyDown={onKeyDown} onCopy={onCopy} onCut={onCopy}
        onPaste={(event) => !isTyping(event.target) && paste(event.clipboardData.getData('text/plain')) && event.preventDefault()}
      >
        <ToolBar
          title={title} saving={draft.saving} canUndo={draft.history.past.length > 0} canRedo={draft.history.future.length > 0} hasDraft={draft.hasDraft} live={opened.live} isOutdated={draft.isOutdated}
          othersChanged={others > 0}
          onUndo={draft.undo} onRedo={draft.redo} onSave={() => void draft.save()} onAdd={() => setDialog({ is: 'add', after: current })} onFind={() => setDialog({ is: 'find' })}
          onTidy={tidy} onKeys={() => setDialog({ is: 'keys' })} onPublish={() => setDialog({ is: 'publish', rollBackTo: null })} onSimulate={() => setTab('simulator')}
        />
        <div className={styles.stage}>
          <button type="button" className={styles.toSteps} onClick={() => current !== null && goTo(current)}>{t('to_steps')}</button>
          {connecting !== null && <p className={styles.hint} role="status">{t('connecting', { step: connecting })}</p>}
          {isPlaced && (
            <Canvas
              view={view} connecting={connecting} mayWrite={mayWrite} shown={shown}
              onSelect={(ids) => setSelection(new Set(ids))} onGoTo={goTo} onOpen={openPanel} onTarget={(id) => { setTarget(id); setShown((before) => before + 1); }}
              onMove={(places: Record<string, Place>) => edit(withPlaces(document, places), `move:${Object.keys(places).join()}`)}
              onConnect={(from, within, to) => {
                edit(connect(document, from, within, to));
                endConnecting();
                setTold(t('told_connected', { from, to }));
              }}
              onConnecting={(from) => { if (from === null) endConnecting(); else { setConnecting(from); setTarget(from); } }} onRemove={remove} onAdd={(after) => setDialog({ is: 'add', after })}
            />
          )}
        </div>
        <aside ref={panel} className={styles.panel} aria-label={t('panel')}>
          <Tabs value={tab} onChange={(next) => setTab((next ?? 'step') as Tab)} keepMounted={false} variant="default" classNames={{ root: styles.tabs ?? '', panel: styles.tabPanel ?? '' }}>
            <Tabs.List>
              <Tabs.Tab value="step" data-testid="tab-step">{t('tab_step')}</Tabs.Tab>
              <Tabs.Tab value="settings" data-testid="tab-settings">{isJourney ? t('tab_journey') : t('tab_flow')}</Tabs.Tab>
              <Tabs.Tab value="problems" data-testid="tab-problems" rightSection={editor.problems.length > 0 ? <span className={styles.count}>{editor.problems.length}</span> : null}>{t('tab_problems')}</Tabs.Tab>
              <Tabs.Tab value="simulator" data-testid="tab-simulator">{t('tab_simulator')}</Tabs.Tab>
              <Tabs.Tab value="figures" data-testid="tab-figures">{t('tab_figures')}</Tabs.Tab>
              <Tabs.Tab value="history" data-testid="tab-history">{t('history')}</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="step">
              {chosen
                ? <StepPanel
                    step={chosen} onRemove={() => remove([chosen.id])} onRenamed={(to) => { setCurrent(to); setSelection(new Set([to])); }}
                    onDuplicate={() => paste(copySteps(document, new Set([chosen.id])))}
                  />
                : <Text size="sm" c="dimmed">{t('no_step_chosen')}</Text>}
            </Tabs.Panel>
            <Tabs.Panel value="settings"><SettingsPanel schema={(isJourney ? allKinds.journey_settings : allKinds.flow_settings) as Schema} /></Tabs.Panel>
            <Tabs.Panel value="problems"><ProblemsPanel isChecking={problems.isFetching || draft.saving.is !== 'saved'} onSettings={() => setTab('settings')} /></Tabs.Panel>
            <Tabs.Panel value="simulator">
              {isJourney
                ? <JourneyTrial journey={name} beforeStart={draft.save} onStanding={setStanding} onFigures={setSimulated} />
                : <Simulator beforeStart={draft.save} onStanding={setStanding} />}
            </Tabs.Panel>
            <Tabs.Panel value="figures"><FiguresPanel days={days} onDays={setDays} dropOff={dropOff.data} passed={passed.data} journey={journey.data} isPublished={opened.live !== null} /></Tabs.Panel>
            <Tabs.Panel value="history">
              <HistoryPanel
                version={draft.version} hasDraft={draft.hasDraft} compared={compared} onCompare={setCompared} onRestore={draft.restore}
                onDiscard={async () => {
                  await draft.discard();
                  if (opened.live === null) void navigate(isJourney ? '/journeys' : '/flows');
                }}
                onRollBack={(number) => setDialog({ is: 'publish', rollBackTo: number })}
              />
            </Tabs.Panel>
          </Tabs>
        </aside>
        <p className={styles.told} role="status" aria-live="polite">{told}</p>
        <AddStepDialog isOpen={dialog?.is === 'add'} after={dialog?.is === 'add' ? dialog.after : null} onClose={() => setDialog(null)} onChoose={add} />
        <FindDialog isOpen={dialog?.is === 'find'} wanted={wanted} onWant={setWanted} onClose={() => setDialog(null)} />
        <KeysDialog isOpen={dialog?.is === 'keys'} onClose={() => setDialog(null)} />
        <PublishDialog
          isOpen={dialog?.is === 'publish'} rollBackTo={dialog?.is === 'publish' ? dialog.rollBackTo : null} hasDraft={draft.hasDraft} beforeStart={draft.save}
          onClose={() => setDialog(null)} onSettings={() => setTab('problems')} onStartExamples={() => setTab('settings')} onDone={() => { setDialog(null); void queries.resetQueries({ queryKey: ['flows', 'opened', item] }); }}
        />
        {draft.saving.is === 'conflict' && <ConflictDialog conflicts={draft.saving.conflicts} onResolve={draft.resolve} />}
      </div>
    </EditorContext>
  );
}

/** Its own language first, then those it has words in, then those that others are written in. */
function languagesOf(main: unknown, wording: Readonly<Record<string, unknown>>, names: Names): string[] {
  const first = typeof main === 'string' ? main : names.default_language;
  return [...new Set([first, ...Object.keys(wording), ...names.languages])];
}

function namesIn(source: NameSource, document: { steps: readonly { id: string }[]; settings: Readonly<Record<string, unknown>> }, names: Names): readonly string[] {
  switch (source) {
    case 'steps':
      return document.steps.map(({ id }) => id);
    case 'slots':
      return Object.keys(slotsOf(document as Parameters<typeof slotsOf>[0]));
    case 'flows':
    case 'journeys':
    case 'outcomes':
      return names[source].map((one) => one.name);
    default:
      return names[source];
  }
}

function isTyping(target: EventTarget): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));
}

/** A place right below the step that is followed; where it is taken, all that stands there or lower moves down. */
function makeRoom(after: string | undefined, places: Readonly<Record<string, Place>>): { place: Place; others: Record<string, Place> } {
  const from = after === undefined ? undefined : places[after];
  if (!from) return { place: placeAfter(after, places), others: {} };
  const down = STEP_HEIGHT + 64;
  const place = { x: from.x, y: from.y + down };
  const isTaken = Object.values(places).some((other) => Math.abs(other.x - place.x) < STEP_WIDTH && Math.abs(other.y - place.y) < STEP_HEIGHT);
  const lower = isTaken ? Object.entries(places).filter(([, other]) => other.y > from.y + STEP_HEIGHT / 2) : [];
  return { place, others: Object.fromEntries(lower.map(([id, { x, y }]) => [id, { x, y: y + down }])) };
}

/** Below the step it follows; beside it where that place is taken. */
function placeAfter(after: string | undefined, places: Readonly<Record<string, Place>>): Place {
  const from = after === undefined ? undefined : places[after];
  const wanted = { x: from?.x ?? 0, y: (from?.y ?? Math.max(0, ...Object.values(places).map(({ y }) => y))) + STEP_HEIGHT + 64 };
  const isTaken = ({ x, y }: Place) => Object.values(places).some((other) => Math.abs(other.x - x) < STEP_WIDTH && Math.abs(other.y - y) < STEP_HEIGHT);
  while (isTaken(wanted)) wanted.x += STEP_WIDTH + 40;
  return wanted;
}

/** Gives places to steps that have none: all by layout when nothing was ever placed, else near the step that leads there. */
function usePlaced(steps: Parameters<typeof layOut>[0], places: Readonly<Record<string, Place>>, place: (places: Record<string, Place>) => void): boolean {
  const missing = steps.filter(({ id }) => !(id in places));
  const isPlaced = missing.length === 0;
  useEffect(() => {
    if (isPlaced) return;
    let isWanted = true;
    void layOut(steps).then((found) => {
      if (isWanted) place(missing.length === steps.length ? found : nearWhatLeads(steps, places, missing.map(({ id }) => id)));
    });
    return () => { isWanted = false; };
  }, [isPlaced, steps]);
  return isPlaced || missing.length < steps.length;
}

function nearWhatLeads(steps: Parameters<typeof layOut>[0], places: Readonly<Record<string, Place>>, missing: readonly string[]): Record<string, Place> {
  const ways = [...waysOf(steps).values()].flat();
  const found: Record<string, Place> = {};
  for (const id of missing) {
    const before = ways.find((way) => way.to === id && (way.from in places || way.from in found))?.from;
    found[id] = placeAfter(before, { ...places, ...found });
  }
  return found;
}
