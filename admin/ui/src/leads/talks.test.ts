/** A lead's messages cut into talks. */
import { expect, test } from 'vitest';
import type { TranscriptMessage } from '../api/types';
import { inTalks } from './talks';

function message(id: string, at: string, conversation = 'c1'): TranscriptMessage {
  return { id, at, conversation_id: conversation, author: 'visitor', text: id, choices: [], notice: null, source: null, channel: 'web' };
}

const ids = (messages: TranscriptMessage[]) => inTalks(messages, []).map((talk) => talk.messages.map(({ id }) => id));

test('messages stand in the order of time, and in the server’s order within one instant', () => {
  const noon = '2026-11-23T12:00:00Z';
  expect(ids([message('c', '2026-11-23T12:01:00Z'), message('a', noon), message('b', noon)])).toEqual([['a', 'b', 'c']]);
});

test('a silence of six hours or another conversation begins another talk', () => {
  const messages = [
    message('a', '2026-11-23T05:00:00Z'), message('b', '2026-11-23T10:59:59Z'),
    message('c', '2026-11-23T16:59:59Z'), message('d', '2026-11-23T17:00:00Z', 'c2'),
  ];
  expect(ids(messages)).toEqual([['a', 'b'], ['c'], ['d']]);
});

test('a talk knows its conversation', () => {
  const conversation = { id: 'c1', channel: 'web', status: 'open', page_url: null, created_at: '2026-11-23T05:00:00Z' };
  expect(inTalks([message('a', '2026-11-23T05:00:00Z')], [conversation])[0]?.conversation).toBe(conversation);
  expect(inTalks([message('a', '2026-11-23T05:00:00Z', 'gone')], [conversation])[0]?.conversation).toBeNull();
});
