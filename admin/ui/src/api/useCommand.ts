/** A command to the API, after which whatever it may have changed is loaded again. */
import { useMutation, useQueryClient, type QueryKey } from '@tanstack/react-query';

/** `changed` are the keys of what is loaded again; the command counts as going on until that has come. */
export function useCommand<Made, Body = void>(send: (body: Body) => Promise<Made>, ...changed: readonly QueryKey[]) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: send,
    onSuccess: () => Promise.all(changed.map((queryKey) => queries.invalidateQueries({ queryKey }))),
  });
}
