/** Whether tasks are mailed to whoever is logged in. Holds no page. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';

const KEY = ['task-mails'] as const;

/** Whether they are; undefined until it is known. */
export function useTaskMails() {
  return useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }) => (await answerOf(client.GET('/api/v1/task-mails', { signal }))).wanted,
    staleTime: 60_000,
  });
}

export function useSetTaskMails() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (wanted: boolean) => answerOf(client.PUT('/api/v1/task-mails', { body: { wanted } })),
    onSuccess: ({ wanted }) => queries.setQueryData(KEY, wanted),
  });
}
