/** Sends files, follows imports while a worker is at them, and steers them. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import { FRESH_PERIOD, byCursor, rowsOf } from '../look/paging';
import { typeOf } from './files';
import type { Import, Options } from './types';

const KEY = ['imports'] as const;
const PAGE_SIZE = 50; // imports
const WORKING_PERIOD = 1_000; // milliseconds between looks while a worker is at it
const WORKING: readonly Import['state'][] = ['waiting', 'running', 'undoing'];

export function isWorking({ state }: Pick<Import, 'state'>): boolean {
  return WORKING.includes(state);
}

export function useImports() {
  return useInfiniteQuery({
    queryKey: [...KEY, 'all'],
    ...byCursor((from, signal) => answerOf(client.GET('/api/v1/imports', { params: { query: { limit: PAGE_SIZE, ...from } }, signal }))),
    select: rowsOf,
    refetchInterval: FRESH_PERIOD,
  });
}

export function useImport(id: string) {
  return useQuery({
    queryKey: [...KEY, 'one', id],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/imports/{id}', { params: { path: { id } }, signal })),
    refetchInterval: (query) => (query.state.data && isWorking(query.state.data) ? WORKING_PERIOD : false),
  });
}

/** The columns of a file that is not imported yet, and what each can become. */
export function useColumns(id: string) {
  return useQuery({
    queryKey: [...KEY, 'columns', id],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/imports/{id}/columns', { params: { path: { id } }, signal })),
    staleTime: Infinity,
  });
}

export interface FileToSend {
  file: File;
  encoding: string;
}

export function useUpload() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ file, encoding }: FileToSend) => {
      const type = typeOf(file.name) ?? 'text/csv';
      return answerOf(
        client.POST('/api/v1/imports', {
          params: { query: { name: file.name, encoding } },
          // The file goes as it is: the browser reads it a piece at a time.
          body: file as unknown as string,
          bodySerializer: (body) => body,
          headers: { 'Content-Type': type },
        }),
      );
    },
    onSuccess: async (came) => {
      queries.setQueryData([...KEY, 'columns', came.imported.id], came);
      await queries.invalidateQueries({ queryKey: [...KEY, 'all'] });
    },
  });
}

/** What the first rows become; asked anew for every other mapping. */
export function usePreview(id: string, options: Options) {
  return useQuery({
    queryKey: [...KEY, 'preview', id, options],
    queryFn: ({ signal }) => answerOf(client.POST('/api/v1/imports/{id}/preview', { params: { path: { id } }, body: options, signal })),
    placeholderData: (old) => old,
    staleTime: Infinity,
  });
}

export function useStart(id: string) {
  return useSteer(id, (body: Options) => answerOf(client.POST('/api/v1/imports/{id}/start', { params: { path: { id } }, body })));
}

export function useStep(id: string, step: 'resume' | 'cancel' | 'undo') {
  return useSteer(id, () => answerOf(client.POST(`/api/v1/imports/{id}/${step}`, { params: { path: { id } } })));
}

function useSteer<Body>(id: string, send: (body: Body) => Promise<Import>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: send,
    onSuccess: async (changed) => {
      queries.setQueryData([...KEY, 'one', id], changed);
      await queries.invalidateQueries({ queryKey: [...KEY, 'all'] });
    },
  });
}
