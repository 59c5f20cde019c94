/** Loads what was not understood and what is known, proposes, follows the measuring, and decides. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import { useCommand } from '../api/useCommand';
import { byCursor, rowsOf } from '../look/paging';
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
    ...byCursor((from, signal) => answerOf(client.GET('/api/v1/understanding/groups', { params: { query: { limit: PAGE_SIZE, ...from } }, signal }))),
    refetchInterval: (query) => (query.state.data?.pages[0]?.grouping?.status === 'waiting' ? WORKING_PERIOD : false),
  });
}

export function useGapsOf(groupId: string) {
  return useInfiniteQuery({
    queryKey: [...KEY, 'gaps', groupId],
    ...byCursor((from, signal) => answerOf(client.GET('/api/v1/understanding/groups/{id}/gaps', { params: { path: { id: groupId }, query: { limit: PAGE_SIZE, ...from } }, signal }))),
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
    ...byCursor((from, signal) => answerOf(client.GET('/api/v1/understanding/proposals', { params: { query: { limit: PAGE_SIZE, ...from } }, signal }))),
    select: rowsOf,
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
  return useCommand((body: Wish) => answerOf(client.POST('/api/v1/understanding/proposals', { body })), KEY);
}

export function useDecide(id: string, decision: 'measure' | 'accept' | 'reject') {
  return useCommand(() => answerOf(client.POST(`/api/v1/understanding/proposals/{id}/${decision}`, { params: { path: { id } } })), KEY);
}

export function useDismissGroup(id: string) {
  return useCommand(() => answerOf(client.POST('/api/v1/understanding/groups/{id}/dismiss', { params: { path: { id } } })), KEY);
}

export function useRegroup() {
  return useCommand(() => answerOf(client.POST('/api/v1/understanding/regroup')), KEY);
}
