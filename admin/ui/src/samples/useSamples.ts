/** Whether made-up people are here, and has a worker add or remove them. */
import { useQuery, useQueryClient, type Query } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { answerOf, client } from '../api/client';
import type { Answer } from '../api/types';
import { useCommand } from '../api/useCommand';
import { useMay } from '../session/useMay';

export type Samples = Answer<'/api/v1/sample-workspace'>;

const KEY = ['sample-workspace'] as const;
const WORKING_PERIOD = 1_000; // milliseconds between looks while a worker is at it
const RESTING_PERIOD = 120_000; // and while nothing is going on

export function isWorking(samples: Pick<Samples, 'state'> | undefined): boolean {
  return samples?.state === 'adding' || samples?.state === 'removing';
}

export function useSamples() {
  const may = useMay();
  return useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/sample-workspace', { signal })),
    enabled: may('settings.read'),
    refetchInterval: ({ state }) => (isWorking(state.data) ? WORKING_PERIOD : RESTING_PERIOD),
  });
}

/** Loads everything else again once a worker is done: the people are there by then, or gone. */
export function useLoadedAgain(samples: Samples | undefined) {
  const queries = useQueryClient();
  const wasWorking = useRef(false);
  const works = isWorking(samples);
  useEffect(() => {
    if (wasWorking.current && !works) {
      const isAnother = ({ queryKey }: Query) => queryKey[0] !== KEY[0];
      void queries.invalidateQueries({ predicate: isAnother });
    }
    wasWorking.current = works;
  }, [queries, works]);
}

export function useAddSamples() {
  return useCommand(() => answerOf(client.POST('/api/v1/sample-workspace')), KEY);
}

export function useRemoveSamples() {
  return useCommand(() => answerOf(client.DELETE('/api/v1/sample-workspace')), KEY);
}
