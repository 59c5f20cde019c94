/** What one has begun to answer in a talk. It outlives a reload of the page that a new build asks for, and nothing else. */
import { useEffect, useRef, useState } from 'react';
import { keepBeforeReload } from '../app/newBuild';

export function useReplyDraft(talkId: string): [string, (text: string) => void] {
  const kept = `parley.reply.${talkId}`;
  const [text, setText] = useState(() => sessionStorage.getItem(kept) ?? '');
  const latest = useRef(text);
  latest.current = text;
  useEffect(() => {
    sessionStorage.removeItem(kept);
    return keepBeforeReload(() => { if (latest.current) sessionStorage.setItem(kept, latest.current); });
  }, [kept]);
  return [text, setText];
}
