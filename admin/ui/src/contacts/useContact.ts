/** Loads what is known of one contact beside its story, and changes it. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import { useCommand } from '../api/useCommand';
import { FRESH_PERIOD } from '../look/paging';
import type { NewExternalId } from './types';

const KEY = ['contact'] as const;
const LASTING = 5 * 60_000; // milliseconds that colleagues and definitions are held to be current

export function useContactCompany(id: string) {
  return useQuery({
    queryKey: [...KEY, id, 'company'],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/contacts/{id}/company', { params: { path: { id } }, signal })),
  });
}

export function useIdentities(id: string) {
  return useQuery({
    queryKey: [...KEY, id, 'identities'],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/contacts/{id}/identities', { params: { path: { id } }, signal })),
  });
}

/** Each score by its name, as it is now. `version` changes when the story does, so that both tell the same. */
export function useScores(id: string, version: number) {
  return useQuery({
    queryKey: [...KEY, id, 'scores', version],
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/leads/{id}/score', { params: { path: { id } }, signal }))).scores,
    placeholderData: (old) => old,
  });
}

export function useScoreTitles() {
  return useQuery({
    queryKey: ['score-rules'],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/score-rules', { signal })),
    select: ({ book }) => Object.fromEntries(Object.entries(book.scores ?? {}).map(([name, { title }]) => [name, title])),
    staleTime: LASTING,
  });
}

export function useColleagues() {
  return useQuery({
    queryKey: ['colleagues'],
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/inbox/colleagues', { signal }))).items,
    staleTime: LASTING,
  });
}

export function useFieldDefinitions() {
  return useQuery({
    queryKey: ['contact-fields'],
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/contact-fields', { signal }))).items,
    staleTime: LASTING,
  });
}

/** Companies to choose from, by part of a name or a whole domain. */
export function useCompanyChoices(q: string) {
  return useQuery({
    queryKey: ['companies', 'choices', q],
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/companies', { params: { query: { limit: 8, ...(q ? { q } : {}) } }, signal }))).items,
    placeholderData: (old) => old,
  });
}

export function useSetCompany(id: string) {
  return useChange(id, (companyId: string | null) => answerOf(client.PUT('/api/v1/contacts/{id}/company', { params: { path: { id } }, body: { company_id: companyId } })));
}

/** Makes a company of what the contact calls theirs, and says that they work there. */
export function useMakeCompany(id: string) {
  return useChange(id, async ({ name, domains }: { name: string; domains: string[] }) => {
    const made = await answerOf(client.POST('/api/v1/companies', { body: { name, domains, fields: {} } }));
    return answerOf(client.PUT('/api/v1/contacts/{id}/company', { params: { path: { id } }, body: { company_id: made.id } }));
  });
}

export function useSetOwner(id: string) {
  return useChange(id, (userId: string | null) => answerOf(client.PUT('/api/v1/contacts/{id}/owner', { params: { path: { id } }, body: { user_id: userId } })));
}

export function useSetTags(id: string) {
  return useChange(id, (body: { add: string[]; remove: string[] }) => answerOf(client.POST('/api/v1/contacts/{id}/tags', { params: { path: { id } }, body })));
}

export function useSetFields(id: string) {
  return useChange(id, (fields: Record<string, unknown>) => answerOf(client.PATCH('/api/v1/contacts/{id}/fields', { params: { path: { id } }, body: { fields } })));
}

export function useAddExternalId(id: string) {
  return useChange(id, (body: NewExternalId) => answerOf(client.POST('/api/v1/contacts/{id}/external-ids', { params: { path: { id } }, body })));
}

export function useRemoveExternalId(id: string) {
  return useChange(id, (externalId: string) => answerOf(client.DELETE('/api/v1/external-ids/{id}', { params: { path: { id: externalId } } })));
}

export function useLetThrough(id: string) {
  return useChange(id, (addressId: string) => answerOf(client.POST('/api/v1/contact-addresses/{id}/let-through', { params: { path: { id: addressId } } })));
}

export function useContactJourneys(id: string) {
  return useQuery({
    queryKey: [...KEY, id, 'journeys'],
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/contacts/{id}/journeys', { params: { path: { id } }, signal }))).items,
    refetchInterval: FRESH_PERIOD,
  });
}

/** All that was decided about the contact in a journey, the first first. */
export function useDecisions(id: string, journey: string) {
  return useQuery({
    queryKey: [...KEY, id, 'journeys', journey],
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/journeys/why', { params: { query: { journey, contact: id } }, signal }))).items,
  });
}

/** Journeys that let people in. */
export function useRunningJourneys() {
  return useQuery({
    queryKey: ['journeys'],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/journeys', { signal })),
    select: ({ items }) => items.filter(({ state }) => state === 'running'),
    staleTime: LASTING,
  });
}

export function useEnrol(id: string) {
  return useChange(id, (journey: string) => answerOf(client.POST('/api/v1/journeys/enrol', { body: { journey, contact: id } })));
}

export function useLeaveJourney(id: string) {
  return useChange(id, (journey: string) => answerOf(client.POST('/api/v1/contacts/{id}/journeys/leave', { params: { path: { id } }, body: { journey } })));
}

export function useReceipts(id: string) {
  return useMutation({ mutationFn: () => answerOf(client.GET('/api/v1/leads/{id}/consent-receipts', { params: { path: { id } } })), gcTime: 0 });
}

export function usePersonProof(id: string) {
  return useMutation({ mutationFn: () => answerOf(client.GET('/api/v1/leads/{id}/proof', { params: { path: { id } } })), gcTime: 0 });
}

function useChange<Body, Made>(id: string, send: (body: Body) => Promise<Made>) {
  return useCommand(send, [...KEY, id], ['lead', id]);
}
