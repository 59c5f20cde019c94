/** What texts and calls cost, and how much more they may. */
import { useQuery } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import type { Answer } from '../api/types';
import { useMay } from '../session/useMay';

export type Spending = Answer<'/api/v1/spending'>;
export type Purse = Spending['purses'][number];

const PERIOD = 120_000; // milliseconds between looks

export function useSpending() {
  const may = useMay();
  return useQuery({
    queryKey: ['spending'],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/spending', { signal })),
    enabled: may('settings.read'),
    refetchInterval: PERIOD,
  });
}
