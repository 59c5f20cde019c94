/** Loads the rules of scores, tries others out on everybody, and saves them at the number that was read. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answerOf, client } from '../api/client';
import type { Book, Preview, ScoreRules } from './types';

const KEY = ['score-rules'] as const;
const COUNTING_PERIOD = 2_000; // milliseconds between looks while people are counted anew

export function useScoreRules() {
  return useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/score-rules', { signal })),
    refetchInterval: (query) => (query.state.data && query.state.data.left > 0 ? COUNTING_PERIOD : false),
  });
}

/** Who would move. Of many people the answer comes in parts: each is shown, and gone on with. */
export function usePreviewRules() {
  const [soFar, setSoFar] = useState<Preview | null>(null);
  const run = useMutation({
    mutationFn: async (book: Book) => {
      setSoFar(null);
      let part: Preview | null = null;
      do {
        part = await answerOf(client.POST('/api/v1/score-rules/preview', { body: { book, so_far: part } }));
        setSoFar(part);
      } while (!part.whole);
      return part;
    },
  });
  return { ...run, soFar, forget: () => { setSoFar(null); run.reset(); } };
}

export function useSaveRules(read: ScoreRules) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (book: Book) => answerOf(client.PUT('/api/v1/score-rules', { body: { based_on: read.number, book } })),
    onSuccess: (saved) => queries.setQueryData(KEY, saved),
  });
}
