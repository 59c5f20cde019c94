/** Loads pairs that may be one person and the merges there were; decides and undoes. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import { byCursor, rowsOf } from '../look/paging';
import type { Decision } from './types';

const CANDIDATES = ['merge-candidates'] as const;
const MERGES = ['merges'] as const;
const PAGE_SIZE = 20; // pairs or merges

export function useCandidates() {
  return useInfiniteQuery({
    queryKey: CANDIDATES,
    ...byCursor((from, signal) => answerOf(client.GET('/api/v1/merge-candidates', { params: { query: { limit: PAGE_SIZE, state: 'open', ...from } }, signal }))),
    select: rowsOf,
  });
}

export function useMerges() {
  return useInfiniteQuery({
    queryKey: MERGES,
    ...byCursor((from, signal) => answerOf(client.GET('/api/v1/merges', { params: { query: { limit: PAGE_SIZE, ...from } }, signal }))),
    select: rowsOf,
  });
}

export function useMergePreview(survivorId: string, mergedId: string) {
  return useQuery({
    queryKey: [...MERGES, 'preview', survivorId, mergedId],
    queryFn: ({ signal }) => {
      const params = { path: { id: survivorId }, query: { merged_id: mergedId } };
      return answerOf(client.GET('/api/v1/contacts/{id}/merge-preview', { params, signal }));
    },
    gcTime: 0,
  });
}

/** `onMerged` is told before the lists are loaded again: then the pair, and whoever showed it, is gone. */
export function useConfirm(id: string, onMerged: (mergeId: string) => void) {
  return useDecision(
    (body: Decision) => answerOf(client.POST('/api/v1/merge-candidates/{id}/confirm', { params: { path: { id } }, body })),
    (done) => onMerged(done.merge_id),
  );
}

export function useRefuse(id: string) {
  return useDecision(() => answerOf(client.POST('/api/v1/merge-candidates/{id}/refuse', { params: { path: { id } } })));
}

export function useUnmerge() {
  return useDecision((id: string) => answerOf(client.POST('/api/v1/merges/{id}/unmerge', { params: { path: { id } } })));
}

function useDecision<Body, Made>(send: (body: Body) => Promise<Made>, onDone?: (made: Made) => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: send,
    onSuccess: (made) => {
      onDone?.(made);
      return Promise.all([CANDIDATES, MERGES].map((queryKey) => queries.invalidateQueries({ queryKey })));
    },
  });
}
