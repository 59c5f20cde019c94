/** Loads calendars and the meetings to come, and changes them. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import type { Answer, Sent } from '../api/types';
import { useCommand } from '../api/useCommand';
import { shownLanguage } from '../i18n/said';
import { byCursor, rowsOf } from '../look/paging';

export type Calendar = Answer<'/api/v1/calendars'>['items'][number];
export type CalendarWish = Sent<'/api/v1/calendars', 'post'>;
export type AccessWish = Sent<'/api/v1/calendars/discover', 'post'>;
export type Meeting = Answer<'/api/v1/meetings'>['items'][number];

const KEY = ['calendars'] as const;
const MEETINGS = ['meetings'] as const;

export function useCalendars() {
  return useQuery({ queryKey: [...KEY, 'list'], queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/calendars', { signal }))).items });
}

export function useMeetings() {
  return useInfiniteQuery({
    queryKey: MEETINGS,
    ...byCursor((from, signal) => answerOf(client.GET('/api/v1/meetings', { params: { query: from }, signal }))),
    select: rowsOf,
  });
}

/** The times a calendar offers now; of a meeting, those it can be moved to. */
export function useOffered(of: { calendar: string } | { meeting: string }) {
  const query = { language: shownLanguage() };
  return useQuery({
    queryKey: [...KEY, 'times', of, query],
    queryFn: ({ signal }) =>
      'calendar' in of
        ? answerOf(client.GET('/api/v1/calendars/{id}/free-times', { params: { path: { id: of.calendar }, query }, signal }))
        : answerOf(client.GET('/api/v1/meetings/{id}/free-times', { params: { path: { id: of.meeting }, query }, signal })),
  });
}

export function useSaveCalendar(calendar: Calendar | null) {
  return useCommand(({ name, ...wish }: CalendarWish) => {
    if (!calendar) return answerOf(client.POST('/api/v1/calendars', { body: { name, ...wish } }));
    const at = { path: { id: calendar.id }, header: { 'If-Match': `"${calendar.version}"` } };
    return answerOf(client.PUT('/api/v1/calendars/{id}', { params: at, body: wish }));
  }, KEY);
}

/** Removes the calendar as it was read. */
export function useRemoveCalendar({ id, version }: Calendar) {
  return useCommand(() => answerOf(client.DELETE('/api/v1/calendars/{id}', { params: { path: { id }, header: { 'If-Match': `"${version}"` } } })), KEY);
}

export function useDiscover() {
  return useCommand((body: AccessWish) => answerOf(client.POST('/api/v1/calendars/discover', { body })));
}

export function useLink(id: string) {
  return useCommand((body: AccessWish) => answerOf(client.PUT('/api/v1/calendars/{id}/caldav', { params: { path: { id } }, body })), KEY);
}

/** `force`: also if its calendar was not told everything yet. */
export function useUnlink(id: string) {
  return useCommand((force: boolean) => answerOf(client.DELETE('/api/v1/calendars/{id}/caldav', { params: { path: { id }, query: { force } } })), KEY);
}

export function useCheck(id: string) {
  return useCommand(() => answerOf(client.POST('/api/v1/calendars/{id}/check', { params: { path: { id } } })), KEY);
}

export function useMove(id: string) {
  return useCommand((starts_at: string) => answerOf(client.POST('/api/v1/meetings/{id}/move', { params: { path: { id } }, body: { starts_at } })), MEETINGS, KEY);
}

export function useCancel(id: string) {
  return useCommand(() => answerOf(client.POST('/api/v1/meetings/{id}/cancel', { params: { path: { id } } })), MEETINGS, KEY);
}
