/** Loads what was not understood and what is known, proposes, follows the measuring, and decides. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import { withoutRepeats } from '../look/paging';
import type { ProposalRow, Wish } from './types';

const KEY = ['understanding'] as const;
const PAGE_SIZE = 20; // groups, messages or proposals
const WORKING_PERIOD = 1_500; // milliseconds between looks while a worker is at it
const WORKING: readonly ProposalRow['status'][] = ['waiting', 'measuring', 'publishing'];

export function isWorking(status: ProposalRow['status']): boolean {
  return WORKING.includes(status);
}

export function useGroups() {
  return useInfiniteQuery({
    queryKey: [...KEY, 'groups'],
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: PAGE_SIZE, ...(pageParam ? { cursor: pageParam } : {}) };
      return answerOf(client.GET('/api/v1/understanding/groups', { params: { query }, signal }));
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: (query) => (query.state.data?.pages[0]?.grouping?.status === 'waiting' ? WORKING_PERIOD : false),
  });
}

export function useGapsOf(groupId: string) {
  return useInfiniteQuery({
    queryKey: [...KEY, 'gaps', groupId],
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: PAGE_SIZE, ...(pageParam ? { cursor: pageParam } : {}) };
      return answerOf(client.GET('/api/v1/understanding/groups/{id}/gaps', { params: { path: { id: groupId }, query }, signal }));
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    select: ({ pages }) => pages.flatMap((page) => page.items),
  });
}

export function useLive() {
  return useQuery({
    queryKey: [...KEY, 'contents'],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/understanding/contents', { signal })),
    staleTime: 60_000,
  });
}

export function useProposals() {
  return useInfiniteQuery({
    queryKey: [...KEY, 'proposals'],
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: PAGE_SIZE, ...(pageParam ? { cursor: pageParam } : {}) };
      return answerOf(client.GET('/api/v1/understanding/proposals', { params: { query }, signal }));
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    select: ({ pages }) => withoutRepeats(pages.flatMap((page) => page.items)),
    refetchInterval: (query) => (query.state.data?.pages.some(({ items }) => items.some(({ status }) => isWorking(status))) ? WORKING_PERIOD : false),
  });
}

export function useProposal(id: string) {
  return useQuery({
    queryKey: [...KEY, 'proposal', id],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/understanding/proposals/{id}', { params: { path: { id } }, signal })),
    refetchInterval: (query) => (query.state.data && isWorking(query.state.data.status) ? WORKING_PERIOD : false),
  });
}

export function usePropose() {
  return useStep((body: Wish) => answerOf(client.POST('/api/v1/understanding/proposals', { body })));
}

export function useDecide(id: string, decision: 'measure' | 'accept' | 'reject') {
  return useStep(() => answerOf(client.POST(`/api/v1/understanding/proposals/{id}/${decision}`, { params: { path: { id } } })));
}

export function useDismissGroup(id: string) {
  return useStep(() => answerOf(client.POST('/api/v1/understanding/groups/{id}/dismiss', { params: { path: { id } } })));
}

export function useRegroup() {
  return useStep(() => answerOf(client.POST('/api/v1/understanding/regroup')));
}

function useStep<Body, Made>(send: (body: Body) => Promise<Made>) {
  const queries = useQueryClient();
  return useMutation({ mutationFn: send, onSuccess: () => queries.invalidateQueries({ queryKey: KEY }) });
}
