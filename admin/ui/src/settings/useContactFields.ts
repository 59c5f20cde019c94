/** Loads the fields contacts have, and defines, changes and removes a company's own. */
import { useQuery } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import type { Answer, Sent } from '../api/types';
import { useCommand } from '../api/useCommand';

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
  return useCommand((body: NewField) => answerOf(client.POST('/api/v1/contact-fields', { body })), KEY);
}

export function useChangeField(id: string) {
  return useCommand((body: FieldChange) => answerOf(client.PATCH('/api/v1/contact-fields/{id}', { params: { path: { id } }, body })), KEY);
}

export function useRemoveField(id: string) {
  return useCommand(() => answerOf(client.DELETE('/api/v1/contact-fields/{id}', { params: { path: { id } } })), KEY);
}
