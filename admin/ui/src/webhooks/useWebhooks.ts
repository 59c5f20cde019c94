/** Loads webhooks, what was sent to them and how they do; makes, changes, tries and replays. */
import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import { useCommand } from '../api/useCommand';
import { FRESH_PERIOD, byCursor } from '../look/paging';
import type { State, Webhook, WebhookWish } from './types';

const KEY = ['webhooks'] as const;
const PAGE_SIZE = 25; // deliveries
const LASTING = 5 * 60_000; // milliseconds that the kinds of events are held to be current

export function useWebhooks() {
  return useQuery({
    queryKey: [...KEY, 'all'],
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/webhooks', { signal }))).items,
    refetchInterval: FRESH_PERIOD * 2,
  });
}

export function useWebhook(id: string) {
  return useQuery({
    queryKey: [...KEY, 'one', id],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/webhooks/{id}', { params: { path: { id } }, signal })),
  });
}

export function useEventKinds() {
  return useQuery({
    queryKey: [...KEY, 'kinds'],
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/webhooks/kinds', { signal }))).items,
    staleTime: LASTING,
  });
}

export function useMakeWebhook() {
  return useCommand((body: WebhookWish) => answerOf(client.POST('/api/v1/webhooks', { body })), KEY);
}

/** Changes the webhook that was read. */
export function useEditWebhook(read: Webhook) {
  return useCommand((body: WebhookWish) => answerOf(client.PUT('/api/v1/webhooks/{id}', { params: at(read), body })), KEY);
}

export function useRemoveWebhook(read: Webhook) {
  return useCommand(() => answerOf(client.DELETE('/api/v1/webhooks/{id}', { params: at(read) })), KEY);
}

export function useNewSecret(id: string) {
  return useCommand(() => answerOf(client.POST('/api/v1/webhooks/{id}/secret', { params: { path: { id } } })), KEY);
}

export function useTryWebhook(id: string) {
  return useMutation({ mutationFn: () => answerOf(client.POST('/api/v1/webhooks/{id}/test', { params: { path: { id } } })) });
}

export function useDeliveries(id: string, state: State | null) {
  return useInfiniteQuery({
    queryKey: [...KEY, 'one', id, 'deliveries', state],
    ...byCursor((from, signal) => {
      const query = { limit: PAGE_SIZE, ...(state ? { state } : {}), ...from };
      return answerOf(client.GET('/api/v1/webhooks/{id}/deliveries', { params: { path: { id }, query }, signal }));
    }),
    select: ({ pages }) => pages.flatMap(({ items }) => items),
    refetchInterval: (query) => FRESH_PERIOD * Math.max(1, query.state.data?.pages.length ?? 1),
  });
}

/** What is sent about one event; loaded when it is looked at. */
export function useMessage(id: string, eventId: string, isWanted: boolean) {
  return useQuery({
    queryKey: [...KEY, 'one', id, 'message', eventId],
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/webhooks/{id}/deliveries/{event_id}', { params: { path: { id, event_id: eventId } }, signal }))).body,
    enabled: isWanted,
  });
}

export function useReplayOne(id: string, eventId: string) {
  const path = { id, event_id: eventId };
  return useCommand(() => answerOf(client.POST('/api/v1/webhooks/{id}/deliveries/{event_id}/replay', { params: { path } })), KEY);
}

export function useReplayPeriod(id: string) {
  return useCommand((body: { since: string; until: string }) => answerOf(client.POST('/api/v1/webhooks/{id}/replay', { params: { path: { id } }, body })), KEY);
}

function at({ id, version }: Webhook) {
  return { path: { id }, header: { 'If-Match': `"${version}"` } };
}
