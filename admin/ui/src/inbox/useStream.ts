/** Hears what is new as it happens, and has the queries look again. Draws nothing. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { INBOX_KEY } from './useTalks';

const STREAM = '/api/v1/stream';
const LONGEST_TYPING = 8_000; // milliseconds; that somebody stopped may not be told

/** `typing` is whether the visitor of the talk that is open types. */
export function useStream(openTalk: string | null): { typing: boolean } {
  const queries = useQueryClient();
  const [typingIn, setTypingIn] = useState<string | null>(null);
  useEffect(() => {
    const source = new EventSource(STREAM);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const lookAgain = () => void queries.invalidateQueries({ queryKey: INBOX_KEY });
    const handleTalk = (event: MessageEvent<string>) => {
      const id = talkOf(event);
      setTypingIn((known) => (known === id ? null : known));
      for (const what of ['talks', 'counts']) void queries.invalidateQueries({ queryKey: [...INBOX_KEY, what] });
      for (const what of ['talk', 'messages']) void queries.invalidateQueries({ queryKey: [...INBOX_KEY, what, id] });
    };
    const handleTyping = (event: MessageEvent<string>) => {
      clearTimeout(timer);
      const { conversation_id, on } = JSON.parse(event.data) as { conversation_id: string; on: boolean };
      setTypingIn(on ? conversation_id : null);
      if (on) timer = setTimeout(() => setTypingIn(null), LONGEST_TYPING);
    };
    source.addEventListener('conversation', handleTalk);
    source.addEventListener('typing', handleTyping);
    source.addEventListener('all', lookAgain);
    return () => {
      source.close();
      clearTimeout(timer);
    };
  }, [queries]);
  return { typing: openTalk !== null && typingIn === openTalk };
}

function talkOf(event: MessageEvent<string>): string {
  return (JSON.parse(event.data) as { conversation_id: string }).conversation_id;
}
