/** Cuts a lead's messages into talks, as a person would remember them. Pure. */
import type { Conversation, TranscriptMessage } from '../api/types';

const PAUSE = 6 * 60 * 60 * 1000; // milliseconds of silence after which it is another talk

export interface Talk {
  key: string;
  conversation: Conversation | null;
  messages: TranscriptMessage[];
}

/** Messages by time, cut where the conversation changes or a long silence lies between. */
export function inTalks(messages: readonly TranscriptMessage[], conversations: readonly Conversation[]): Talk[] {
  const talks: Talk[] = [];
  const byTime = messages.map((message, index) => ({ message, index, at: Date.parse(message.at) }));
  // The server's own order decides between messages of one instant.
  byTime.sort((a, b) => a.at - b.at || a.index - b.index);
  let previous: (typeof byTime)[number] | undefined;
  for (const entry of byTime) {
    const goesOn = previous?.message.conversation_id === entry.message.conversation_id && entry.at - previous.at < PAUSE;
    if (goesOn) talks.at(-1)?.messages.push(entry.message);
    else talks.push(startTalk(entry.message, conversations));
    previous = entry;
  }
  return talks;
}

function startTalk(message: TranscriptMessage, conversations: readonly Conversation[]): Talk {
  const conversation = conversations.find(({ id }) => id === message.conversation_id) ?? null;
  return { key: message.id, conversation, messages: [message] };
}
