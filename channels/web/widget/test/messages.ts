/** Makes messages and frames for the tests. */

import type { Message, TextFrame } from "../src/protocol";

export function makeMessage(seq: number, fields: Partial<Message> = {}): Message {
  return {
    seq,
    author: "bot",
    text: `message ${seq}`,
    choices: [],
    input: null,
    step: null,
    notice: null,
    source: null,
    media: null,
    cards: [],
    limits: {},
    client_id: null,
    at: "2026-11-23T10:00:00Z",
    ...fields,
  };
}

export function makeFrame(client_id: string, text = `text of ${client_id}`): TextFrame {
  return { type: "message", client_id, text };
}
