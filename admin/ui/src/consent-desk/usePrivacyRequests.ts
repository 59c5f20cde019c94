/** Loads privacy requests and doubtful opt-outs with what proves them, and carries decisions out. */
import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import { APIError } from '../api/problem';
import { useCommand } from '../api/useCommand';
import { FRESH_PERIOD, byCursor, rowsOf } from '../look/paging';
import type { Decision, NewRequest, Status } from './types';

const REQUESTS = ['privacy-requests'] as const;
const REVIEWS = ['opt-out-reviews'] as const;
const PAGE_SIZE = 20; // requests or reviews

export function useRequests(status: Status | null) {
  return useInfiniteQuery({
    queryKey: [...REQUESTS, status],
    ...byCursor((from, signal) => {
      const query = { limit: PAGE_SIZE, ...(status ? { status } : {}), ...from };
      return answerOf(client.GET('/api/v1/privacy-requests', { params: { query }, signal }));
    }),
    select: rowsOf,
    refetchInterval: (query) => FRESH_PERIOD * 2 * Math.max(1, query.state.data?.pages.length ?? 1),
  });
}

/** Who somebody is, as far as the desk needs it; null once they are erased. */
export function usePerson(id: string, isThere: boolean) {
  return useQuery({
    queryKey: ['person', id],
    queryFn: async ({ signal }) => {
      try {
        const { name, email, phone } = await answerOf(client.GET('/api/v1/leads/{id}', { params: { path: { id } }, signal }));
        return { name, email, phone };
      } catch (error) {
        if (error instanceof APIError && error.status === 404) return null;
        throw error;
      }
    },
    enabled: isThere,
    staleTime: 5 * 60_000,
  });
}

/** What is held of somebody by field, to be corrected. */
export function useHeldFields(id: string) {
  return useQuery({
    queryKey: ['person', id, 'fields'],
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/leads/{id}', { params: { path: { id } }, signal }))).fields,
    enabled: id !== '',
    // What is filled in is compared with it: it stands still while the form is open.
    staleTime: Infinity,
    gcTime: 0,
  });
}

/** People to take a request in for, by part of a name or a whole address. */
export function usePeople(q: string) {
  return useQuery({
    queryKey: ['people', q],
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/leads', { params: { query: { q, limit: 8 } }, signal }))).items,
    enabled: q.length > 1,
  });
}

export function useFile() {
  return useCommand((body: NewRequest) => answerOf(client.POST('/api/v1/privacy-requests', { body })), REQUESTS);
}

export function useVerify(id: string) {
  return useCommand(() => answerOf(client.POST('/api/v1/privacy-requests/{id}/verify', { params: { path: { id } } })), REQUESTS);
}

export function useExtend(id: string) {
  return useCommand((reason: string) => answerOf(client.POST('/api/v1/privacy-requests/{id}/extend', { params: { path: { id } }, body: { reason } })), REQUESTS);
}

export function useRefuse(id: string) {
  return useCommand((reason: string) => answerOf(client.POST('/api/v1/privacy-requests/{id}/refuse', { params: { path: { id } }, body: { reason } })), REQUESTS);
}

export function useCarryOut(id: string) {
  return useCommand((body: Decision) => answerOf(client.POST('/api/v1/privacy-requests/{id}/carry-out', { params: { path: { id } }, body })), REQUESTS);
}

/** Everything held of a person, loaded only when asked for: it is not kept by the page. */
export function usePersonalData(contactId: string) {
  return useMutation({
    mutationFn: () => answerOf(client.GET('/api/v1/leads/{id}/personal-data', { params: { path: { id: contactId } } })),
    gcTime: 0,
  });
}

export function useReviews(isOpenOnly: boolean) {
  return useInfiniteQuery({
    queryKey: [...REVIEWS, isOpenOnly],
    ...byCursor((from, signal) => {
      const query = { limit: PAGE_SIZE, ...(isOpenOnly ? { status: 'open' as const } : {}), ...from };
      return answerOf(client.GET('/api/v1/opt-out-reviews', { params: { query }, signal }));
    }),
    select: rowsOf,
  });
}

export function useReview(id: string, decision: 'confirm' | 'reverse') {
  return useCommand(() => answerOf(client.POST(`/api/v1/opt-out-reviews/{id}/${decision}`, { params: { path: { id } } })), REVIEWS);
}

/** The head of the ledger that was signed last; null before the first. */
export function useLedgerHead() {
  return useQuery({
    queryKey: ['ledger-head'],
    queryFn: async ({ signal }) => {
      try {
        return await answerOf(client.GET('/api/v1/ledger/head', { signal }));
      } catch (error) {
        if (error instanceof APIError && error.status === 404) return null;
        throw error;
      }
    },
  });
}

export function useProcessingRecord() {
  return useMutation({ mutationFn: () => answerOf(client.GET('/api/v1/processing-record', {})) });
}

export function useOptInEvidence() {
  return useMutation({
    mutationFn: (channel: string) => answerOf(client.GET('/api/v1/opt-in-evidence', { params: { query: { channel, purpose: 'marketing', limit: 200 } } })),
  });
}

/** Why a message was sent, or not: by the id of the message or of the row of the outbox. */
export function useMessageProof(id: string) {
  return useQuery({
    queryKey: ['message-proof', id],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/messages/{id}/proof', { params: { path: { id } }, signal })),
    enabled: id !== '',
    gcTime: 0,
  });
}
