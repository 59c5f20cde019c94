/** Loads companies and their people, and changes them. */
import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import { withoutRepeats } from '../look/paging';
import type { CompanyChange, NewCompany } from './types';

const KEY = ['companies'] as const;
const PAGE_SIZE = 50; // companies

export function useCompanies(q: string) {
  return useInfiniteQuery({
    queryKey: [...KEY, 'all', q],
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: PAGE_SIZE, ...(q ? { q } : {}), ...(pageParam ? { cursor: pageParam } : {}) };
      return answerOf(client.GET('/api/v1/companies', { params: { query }, signal }));
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    select: ({ pages }) => withoutRepeats(pages.flatMap((page) => page.items)),
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
  return useStep((body: NewCompany) => answerOf(client.POST('/api/v1/companies', { body })));
}

export function useChangeCompany(id: string) {
  return useStep((body: CompanyChange) => answerOf(client.PATCH('/api/v1/companies/{id}', { params: { path: { id } }, body })));
}

export function useRemoveCompany(id: string) {
  return useStep(() => answerOf(client.DELETE('/api/v1/companies/{id}', { params: { path: { id } } })));
}

function useStep<Body, Made>(send: (body: Body) => Promise<Made>) {
  const queries = useQueryClient();
  return useMutation({ mutationFn: send, onSuccess: () => queries.invalidateQueries({ queryKey: KEY }) });
}
