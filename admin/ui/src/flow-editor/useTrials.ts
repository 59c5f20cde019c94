/** Trying journeys out over the API: letters, one person, many, and how it really went. Holds no state of the editor. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import type { LetterPreviewWish, TrialWish } from './shapes';

const LASTING = 5 * 60_000; // milliseconds
const DAY = 86_400_000; // milliseconds

/** A letter as each channel makes it; while another is being made, what was shown before stays. */
export function useLetterPreview(wish: LetterPreviewWish) {
  return useQuery({
    queryKey: ['journeys', 'letter', wish],
    queryFn: ({ signal }) => answerOf(client.POST('/api/v1/journeys/previews', { body: wish, signal })),
    placeholderData: (before, asked) => ((asked?.queryKey[2] as LetterPreviewWish | undefined)?.step.id === wish.step.id ? before : undefined),
    staleTime: LASTING,
  });
}

export function useTrial(beforeStart: () => Promise<void>) {
  return useMutation({
    mutationFn: async (wish: TrialWish) => {
      await beforeStart();
      return answerOf(client.POST('/api/v1/journeys/simulations', { body: wish }));
    },
  });
}

/** People on each way over the last days. */
export function useJourneyDropOff(journey: string, days: number | null) {
  return useQuery({
    queryKey: ['journeys', 'drop-off', journey, days],
    queryFn: ({ signal }) => {
      const since = new Date(Date.now() - (days ?? 0) * DAY).toISOString();
      return answerOf(client.GET('/api/v1/journeys/drop-off', { params: { query: { journey, since } }, signal }));
    },
    enabled: days !== null,
    staleTime: LASTING,
  });
}
