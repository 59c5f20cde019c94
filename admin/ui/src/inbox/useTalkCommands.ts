/** What a colleague can do to a talk; each answer puts the talk on the screen as it is then. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { answerOf, client } from '../api/client';
import type { Talk } from './types';
import { INBOX_KEY } from './useTalks';

type Command =
  | { do: 'take_over' }
  | { do: 'hand_back' }
  | { do: 'close' }
  | { do: 'assign'; team_id: string | null; user_id: string | null }
  | { do: 'note'; text: string }
  | { do: 'stage'; stage: 'visitor' | 'lead' | 'mql' | 'sql' | 'customer' | 'disqualified' }
  | { do: 'tag'; add: string[]; remove: string[] }
  | { do: 'task'; title: string };

export function useTalkCommand(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (command: Command) => send(id, command),
    onSuccess: (talk) => {
      queries.setQueryData([...INBOX_KEY, 'talk', id], talk);
      void queries.invalidateQueries({ queryKey: INBOX_KEY });
    },
  });
}

function send(id: string, command: Command): Promise<Talk> {
  const params = { path: { id } };
  switch (command.do) {
    case 'take_over':
      return answerOf(client.POST('/api/v1/conversations/{id}/take-over', { params }));
    case 'hand_back':
      return answerOf(client.POST('/api/v1/conversations/{id}/hand-back', { params }));
    case 'close':
      return answerOf(client.POST('/api/v1/conversations/{id}/close', { params, body: { ask_rating: true } }));
    case 'assign': {
      const { team_id, user_id } = command;
      return answerOf(client.PUT('/api/v1/conversations/{id}/assignment', { params, body: { team_id, user_id } }));
    }
    case 'note':
      return answerOf(client.POST('/api/v1/conversations/{id}/notes', { params, body: { text: command.text } }));
    case 'stage':
      return answerOf(client.POST('/api/v1/conversations/{id}/stage', { params, body: { stage: command.stage } }));
    case 'tag': {
      const { add, remove } = command;
      return answerOf(client.POST('/api/v1/conversations/{id}/tags', { params, body: { add, remove } }));
    }
    case 'task':
      return answerOf(client.POST('/api/v1/conversations/{id}/tasks', { params, body: { title: command.title, due_at: null } }));
  }
}

/** Says something. The same `client_id` again is said once, so that trying again after a lost answer is safe. */
export function useReply(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: { text: string; client_id: string }) =>
      answerOf(client.POST('/api/v1/conversations/{id}/replies', { params: { path: { id } }, body })),
    onSettled: () => void queries.invalidateQueries({ queryKey: INBOX_KEY }),
  });
}

/** Tells the visitor that somebody types; whether it arrives does not matter. */
export function tellTyping(id: string, on: boolean): void {
  void client.POST('/api/v1/conversations/{id}/typing', { params: { path: { id } }, body: { on } }).catch(() => undefined);
}

export function markRead(id: string, seq: number): Promise<unknown> {
  return client.POST('/api/v1/conversations/{id}/read', { params: { path: { id } }, body: { seq } }).catch(() => undefined);
}
