import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseFrame } from "../src/protocol";

test("whatever the server sends, reading it never throws", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parseFrame(text)));
  const frames = fc.record({ type: fc.constantFrom("messages", "received", "typing", "error"), messages: fc.jsonValue() });
  fc.assert(fc.property(frames, (frame) => void parseFrame(JSON.stringify(frame))));
});

test("a message without a number is left out and the others are kept", () => {
  const frame = parseFrame('{"type": "messages", "messages": [{"text": "no number"}, {"seq": 0}, {"seq": 2, "text": "hi"}]}');
  assert.ok(frame?.type === "messages");
  assert.deepEqual(frame.messages.map((message) => message.seq), [2]);
});

test("an author and an input of a later version are shown in the plainest way", () => {
  const frame = parseFrame('{"type": "messages", "messages": [{"seq": 1, "author": "robot", "input": "date", "text": "hi"}]}');
  assert.ok(frame?.type === "messages");
  assert.deepEqual([frame.messages[0]?.author, frame.messages[0]?.input], ["bot", null]);
});

test("frames this version does not know are ignored", () => {
  assert.equal(parseFrame('{"type": "confetti"}'), null);
  assert.equal(parseFrame('{"type": "received", "client_id": "a"}'), null);
});
