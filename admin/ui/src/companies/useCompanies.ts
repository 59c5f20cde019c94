/** Loads companies and their people, and changes them. */
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import { useCommand } from '../api/useCommand';
import { byCursor, rowsOf } from '../look/paging';
import type { CompanyChange, NewCompany } from './types';

const KEY = ['companies'] as const;
const PAGE_SIZE = 50; // companies

export function useCompanies(q: string) {
  return useInfiniteQuery({
    queryKey: [...KEY, 'all', q],
    ...byCursor((from, signal) => answerOf(client.GET('/api/v1/companies', { params: { query: { limit: PAGE_SIZE, ...(q ? { q } : {}), ...from } }, signal }))),
    select: rowsOf,
    placeholderData: keepPreviousData,
  });
}

export function useCompany(id: string) {
  return useQuery({
    queryKey: [...KEY, 'one', id],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/companies/{id}', { params: { path: { id } }, signal })),
  });
}

export function useCompanyPeople(id: string) {
  return useQuery({
    queryKey: [...KEY, 'people', id],
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/companies/{id}/people', { params: { path: { id } }, signal }))).items,
  });
}

export function useAddCompany() {
  return useCommand((body: NewCompany) => answerOf(client.POST('/api/v1/companies', { body })), KEY);
}

export function useChangeCompany(id: string) {
  return useCommand((body: CompanyChange) => answerOf(client.PATCH('/api/v1/companies/{id}', { params: { path: { id } }, body })), KEY);
}

export function useRemoveCompany(id: string) {
  return useCommand(() => answerOf(client.DELETE('/api/v1/companies/{id}', { params: { path: { id } } })), KEY);
}
