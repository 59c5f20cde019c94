/** Loads and changes flows and journeys over the API. Holds no state of the editor. */
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import { toAPIError, unreachable } from '../api/problem';
import { useCommand } from '../api/useCommand';
import { FRESH_PERIOD } from '../look/paging';
import { isRecord } from './model/document';
import type { CHANNELS } from './model/texts';
import type { Act, Conflict, Content, PublishWish, SavedDraft } from './shapes';

const LASTING = 5 * 60_000; // milliseconds that kinds and names are held to be current
const OTHERS = 10_000; // milliseconds between looks at what others do
const JOB_PERIOD = 700; // milliseconds

export function useFlowList() {
  return useQuery({
    queryKey: ['flows', 'all'],
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/flows', { signal }))).items,
    refetchInterval: FRESH_PERIOD * 2,
  });
}

/** One as it was when it was opened; `useOthers` tells of what comes later. */
export function useFlowDocument(item: string) {
  return useQuery({
    queryKey: ['flows', 'opened', item],
    queryFn: ({ signal }) => readContent(item, undefined, signal),
    gcTime: 0,
    staleTime: Infinity,
  });
}

/** The same, looked at again and again: others may work on it. */
export function useOthers(item: string, isWanted: boolean) {
  return useQuery({
    queryKey: ['flows', 'others', item],
    queryFn: async ({ signal }) => {
      const askedAt = Date.now();
      return { askedAt, found: await readContent(item, undefined, signal) };
    },
    enabled: isWanted,
    refetchInterval: OTHERS,
  });
}

/** A published version, or an earlier state of the draft. */
export function useFlowState(item: string, state: string | null) {
  return useQuery({
    queryKey: ['flows', 'state', item, state],
    queryFn: ({ signal }) => readContent(item, state ?? undefined, signal),
    enabled: state !== null,
    staleTime: LASTING,
  });
}

export function readContent(item: string, state?: string, signal?: AbortSignal) {
  const query = { item, ...(state === undefined ? {} : { state }) };
  return answerOf(client.GET('/api/v1/flows/content', { params: { query }, ...(signal ? { signal } : {}) }));
}

export function useStepKinds() {
  return useQuery({
    queryKey: ['flows', 'kinds'],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/flows/step-kinds', { signal })),
    staleTime: Infinity,
  });
}

export function useNames() {
  return useQuery({
    queryKey: ['flows', 'names'],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/flows/names', { signal })),
    staleTime: LASTING,
  });
}

/** What the checker says. `version` is the saved state it is asked about. */
export function useProblems(item: string, version: number) {
  return useQuery({
    queryKey: ['flows', 'problems', item, version],
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/flows/problems', { params: { query: { item } }, signal }))).items,
    placeholderData: keepPreviousData,
  });
}

export function useHistoryOf(item: string, version: number) {
  return useQuery({
    queryKey: ['flows', 'history', item, version],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/flows/history', { params: { query: { item } }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function useDiff(item: string, before: string | null, after: string, version: number) {
  return useQuery({
    queryKey: ['flows', 'diff', item, before, after, version],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/flows/diff', { params: { query: { item, before: before ?? 'live', after } }, signal })),
    enabled: before !== null,
    placeholderData: keepPreviousData,
  });
}

/** Talks on each edge over the last days. */
export function useDropOff(item: string, days: number | null) {
  return useQuery({
    queryKey: ['flows', 'drop-off', item, days],
    queryFn: ({ signal }) => {
      const since = new Date(Date.now() - (days ?? 0) * 86_400_000).toISOString();
      return answerOf(client.GET('/api/v1/flows/drop-off', { params: { query: { item, since } }, signal }));
    },
    enabled: days !== null,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
}

/** What each channel shows of a step. */
export function usePreviewOf(step: Record<string, unknown>, wording: Record<string, unknown>, language: string, isWanted: boolean) {
  return useQuery({
    queryKey: ['flows', 'preview', language, step, wording],
    queryFn: async ({ signal }) =>
      (await answerOf(client.POST('/api/v1/flows/previews', { body: { language, step, wording }, signal }))).renderings,
    enabled: isWanted,
    // While the same step is written, what it showed before stays; another step's words never stand here.
    placeholderData: (before, asked) => (isRecord(asked?.queryKey[3]) && asked.queryKey[3].id === step.id ? before : undefined),
    staleTime: LASTING,
  });
}

export function useBeginDraft() {
  return useCommand(beginDraft, ['flows', 'all']);
}

interface FirstWish {
  item: string;
  title?: string;
  copy_of?: string | null;
  language?: string;
}

export function beginDraft(wish: FirstWish) {
  return answerOf(client.POST('/api/v1/flows/drafts', { body: { language: 'en', copy_of: null, title: null, ...wish } }));
}

export type SaveOutcome = { saved: SavedDraft } | { conflicts: Conflict[]; version: number };

/** Saves what was made of the revision; two people who changed the same part get the conflict as an outcome. */
export async function saveDraft(item: string, content: Content, version: number): Promise<SaveOutcome> {
  const call = client.PUT('/api/v1/flows/drafts', { params: ifMatch(version), body: { item, content } });
  const { data, error, response } = await call.catch((reason: unknown) => {
    throw reason instanceof TypeError ? unreachable() : reason;
  });
  if (response.ok && data) return { saved: data };
  const problem: unknown = error;
  if (response.status === 409 && isRecord(problem) && problem.code === 'draft_conflict' && Array.isArray(problem.conflicts)) {
    return { conflicts: problem.conflicts as Conflict[], version: Number(problem.version) };
  }
  throw toAPIError(response.status, error, response.headers.get('Retry-After'));
}

export function restoreDraft(item: string, state: string, version: number) {
  return answerOf(client.POST('/api/v1/flows/drafts/restore', { params: ifMatch(version), body: { item, state } }));
}

export function discardDraft(item: string, version: number) {
  return answerOf(client.POST('/api/v1/flows/drafts/discard', { params: ifMatch(version), body: { item } }));
}

export function saveLayout(item: string, positions: Record<string, { x: number; y: number }>) {
  return answerOf(client.PUT('/api/v1/flows/layout', { body: { item, positions } }));
}

export function useNoteChanges(onChange: () => void) {
  const add = useMutation({
    mutationFn: (body: { item: string; step: string | null; text: string }) => answerOf(client.POST('/api/v1/flows/notes', { body })),
    onSuccess: onChange,
  });
  const settle = useMutation({
    mutationFn: ({ id, done }: { id: string; done: boolean }) =>
      answerOf(client.PATCH('/api/v1/flows/notes/{id}', { params: { path: { id } }, body: { done, text: null } })),
    onSuccess: onChange,
  });
  const remove = useMutation({
    mutationFn: (id: string) => answerOf(client.DELETE('/api/v1/flows/notes/{id}', { params: { path: { id } } })),
    onSuccess: onChange,
  });
  return { add, settle, remove };
}

/** The next turn of a talk with the draft. */
export function simulate(wish: { item: string; act: Act; talk: string | null; channel: Channel; language: string }) {
  return answerOf(client.POST('/api/v1/flows/simulations', { body: { known: {}, ...wish } }));
}

export type Channel = (typeof CHANNELS)[number];

export function usePublish() {
  return useMutation({
    mutationFn: (body: Partial<PublishWish>) =>
      answerOf(client.POST('/api/v1/flows/publications', { body: { items: null, note: '', replay: 50, strict_replay: false, force: false, places: [], only_try: false, ...body } })),
  });
}

export function useRollBack() {
  return useMutation({
    mutationFn: (body: { item: string; version: number; note: string }) => answerOf(client.POST('/api/v1/flows/rollbacks', { body: { publication: null, ...body } })),
  });
}

/** How far a publishing is; asked until it has come to an end. */
export function usePublishJob(id: string | null) {
  return useQuery({
    queryKey: ['flows', 'job', id],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/flows/jobs/{id}', { params: { path: { id: id ?? '' } }, signal })),
    enabled: id !== null,
    refetchInterval: ({ state }) => (state.data && isOver(state.data.status) ? false : JOB_PERIOD),
  });
}

export function isOver(status: string): boolean {
  return status === 'done' || status === 'refused' || status === 'failed';
}

/** People in each journey, for the list. */
export function useJourneyCounts() {
  return useQuery({
    queryKey: ['journeys', 'all'],
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/journeys', { signal }))).items,
    refetchInterval: FRESH_PERIOD * 2,
  });
}

export function useJourneyFigures(journey: string, isWanted: boolean) {
  return useQuery({
    queryKey: ['journeys', 'one', journey],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/journeys/detail', { params: { query: { journey } }, signal })),
    enabled: isWanted,
    refetchInterval: FRESH_PERIOD,
  });
}

export function useExperiments(journey: string, isWanted: boolean) {
  return useQuery({
    queryKey: ['journeys', 'experiments', journey],
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/experiments', { params: { query: { journey } }, signal }))).items,
    enabled: isWanted,
    refetchInterval: FRESH_PERIOD * 4,
  });
}

export function useLift(journey: string, isWanted: boolean) {
  return useQuery({
    queryKey: ['journeys', 'lift', journey],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/journeys/lift', { params: { query: { journey } }, signal })),
    enabled: isWanted,
    refetchInterval: FRESH_PERIOD * 4,
  });
}

export function useJourneyState(journey: string) {
  return useCommand((state: 'running' | 'paused' | 'draining') => answerOf(client.POST('/api/v1/journeys/state', { body: { journey, state } })), ['journeys']);
}

export function useDecideExperiment() {
  return useCommand(
    ({ id, variant }: { id: string; variant: string }) => answerOf(client.POST('/api/v1/experiments/{id}/winner', { params: { path: { id } }, body: { variant } })),
    ['journeys', 'experiments'],
  );
}

function ifMatch(version: number) {
  return { header: { 'If-Match': `"${version}"` } };
}
