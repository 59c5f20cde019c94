/** Loads the fields contacts have, and defines, changes and removes a company's own. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import type { Answer, Sent } from '../api/types';

export type ContactField = Answer<'/api/v1/contact-fields'>['items'][number];
export type NewField = Sent<'/api/v1/contact-fields', 'post'>;
export type FieldChange = Sent<'/api/v1/contact-fields/{id}', 'patch'>;

const KEY = ['contact-fields'] as const;

export function useContactFields() {
  return useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/contact-fields', { signal }))).items,
  });
}

export function useAddField() {
  return useStep((body: NewField) => answerOf(client.POST('/api/v1/contact-fields', { body })));
}

export function useChangeField(id: string) {
  return useStep((body: FieldChange) => answerOf(client.PATCH('/api/v1/contact-fields/{id}', { params: { path: { id } }, body })));
}

export function useRemoveField(id: string) {
  return useStep(() => answerOf(client.DELETE('/api/v1/contact-fields/{id}', { params: { path: { id } } })));
}

function useStep<Body, Made>(send: (body: Body) => Promise<Made>) {
  const queries = useQueryClient();
  return useMutation({ mutationFn: send, onSuccess: () => queries.invalidateQueries({ queryKey: KEY }) });
}
