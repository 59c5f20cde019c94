/** Loads segments and what rules can speak of, tries rules out, and saves them at the version that was read. */
import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import { useCommand } from '../api/useCommand';
import { FRESH_PERIOD, byCursor } from '../look/paging';
import type { Language } from '../i18n/i18n';
import type { Segment, Tree } from './types';

const KEY = ['segments'] as const;
const PAGE_SIZE = 50; // members
const SHOWN = 8; // people of a preview
const LASTING = 5 * 60_000; // milliseconds that what rules can speak of is held to be current

export function useSegments(language: Language) {
  return useQuery({
    queryKey: [...KEY, 'all', language],
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/segments', { params: { query: { language } }, signal }))).items,
    // Members are found by a worker: until they are there the list is asked again.
    refetchInterval: FRESH_PERIOD,
  });
}

/** One segment as it was when it was opened: renewing it would take away what is being written. */
export function useSegment(id: string) {
  return useQuery({
    queryKey: [...KEY, 'one', id],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/segments/{id}', { params: { path: { id }, query: {} }, signal })),
    enabled: id !== '',
    gcTime: 0,
    staleTime: Infinity,
  });
}

/** How many the rule holds for, in all and condition by condition. Of a million contacts this takes seconds. */
export function useCount(tree: Tree | null, language: Language) {
  return useQuery({
    queryKey: [...KEY, 'count', tree, language],
    queryFn: ({ signal }) => answerOf(client.POST('/api/v1/segments/count', { body: { tree: tree as Tree, language }, signal })),
    enabled: tree !== null,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });
}

/** The rule in words, at once. */
export function useRuleWords(tree: Tree | null, language: Language) {
  return useQuery({
    queryKey: [...KEY, 'words', tree, language],
    queryFn: async ({ signal }) => (await answerOf(client.POST('/api/v1/segments/words', { body: { tree: tree as Tree, language }, signal }))).words,
    enabled: tree !== null,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });
}

/** Some of those it holds for; another draw gives others. */
export function usePreview(tree: Tree | null, draw: number) {
  return useQuery({
    queryKey: [...KEY, 'preview', tree, draw],
    queryFn: async ({ signal }) => {
      const body = { tree: tree as Tree, language: 'en' as const, limit: SHOWN, sample: draw > 0 };
      return (await answerOf(client.POST('/api/v1/segments/preview', { body, signal }))).items;
    },
    enabled: tree !== null,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });
}

export function useMembers(id: string) {
  return useInfiniteQuery({
    queryKey: [...KEY, 'members', id],
    ...byCursor((from, signal) => answerOf(client.GET('/api/v1/segments/{id}/members', { params: { path: { id }, query: { limit: PAGE_SIZE, ...from } }, signal }))),
    select: ({ pages }) => pages.flatMap((page) => page.items),
  });
}

export interface SegmentDraft {
  name: string;
  tree: Tree;
}

/** Makes a segment, or changes the one that was read. */
export function useSaveSegment(read: Segment | null) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: SegmentDraft) =>
      read
        ? answerOf(client.PUT('/api/v1/segments/{id}', { params: { path: { id: read.id }, header: ifMatch(read) }, body }))
        : answerOf(client.POST('/api/v1/segments', { body })),
    onSuccess: async (saved) => {
      queries.setQueryData([...KEY, 'one', saved.id], saved);
      await queries.invalidateQueries({ queryKey: [...KEY, 'all'] });
    },
  });
}

export function useRemoveSegment(read: Segment) {
  return useCommand(() => answerOf(client.DELETE('/api/v1/segments/{id}', { params: { path: { id: read.id }, header: ifMatch(read) } })), [...KEY, 'all']);
}

function ifMatch({ version }: Segment) {
  return { 'If-Match': `"${version}"` };
}

/** The fields contacts have, the kinds of events and the names of scores. */
export function useVocabulary() {
  const fields = useQuery({
    queryKey: ['contact-fields'],
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/contact-fields', { signal }))).items,
    staleTime: LASTING,
  });
  const events = useQuery({
    queryKey: ['event-kinds'],
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/event-kinds', { signal }))).items,
    staleTime: LASTING,
  });
  const rules = useQuery({
    queryKey: ['score-rules'],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/score-rules', { signal })),
    staleTime: LASTING,
  });
  const titles = Object.entries(rules.data?.book.scores ?? {}).map(([name, { title }]) => ({ name, title }));
  return { fields: fields.data ?? [], events: events.data ?? [], scores: titles };
}
