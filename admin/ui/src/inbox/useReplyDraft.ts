/** What one has begun to answer in a talk. It outlives a reload of the page that a new build asks for, and nothing else. */
import { useEffect, useRef, useState } from 'react';
import { keepBeforeReload } from '../app/newBuild';
import { keep, kept, letGo } from '../app/storage';

export function useReplyDraft(talkId: string): [string, (text: string) => void] {
  const keptAs = `parley.reply.${talkId}`;
  const [text, setText] = useState(() => kept('tab', keptAs) ?? '');
  const latest = useRef(text);
  latest.current = text;
  useEffect(() => {
    letGo('tab', keptAs);
    return keepBeforeReload(() => { if (latest.current) keep('tab', keptAs, latest.current); });
  }, [keptAs]);
  return [text, setText];
}
