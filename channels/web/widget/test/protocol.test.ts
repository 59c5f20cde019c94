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

test("an author of a later version is shown in the plainest way", () => {
  const frame = parseFrame('{"type": "messages", "messages": [{"seq": 1, "author": "robot", "text": "hi"}]}');
  assert.ok(frame?.type === "messages");
  assert.equal(frame.messages[0]?.author, "bot");
});

test("media, cards and limits are read as far as they are what they should be", () => {
  const message = {
    seq: 1,
    media: { kind: "image", url: "https://a.example/a.png", alt: 7 },
    cards: [{ title: "Starter", link: "https://a.example", price: 5 }, "no card", null],
    limits: { lowest: 1, highest: 5 },
  };
  const frame = parseFrame(JSON.stringify({ type: "messages", messages: [message, { seq: 2, media: "a.png", cards: {}, limits: 5 }] }));
  assert.ok(frame?.type === "messages");
  const [first, second] = frame.messages;
  assert.deepEqual(first?.media, { kind: "image", url: "https://a.example/a.png", alt: "" });
  assert.deepEqual(first?.cards, [{ title: "Starter", text: null, image: null, link: "https://a.example", button: null }]);
  assert.deepEqual(first?.limits, { lowest: 1, highest: 5 });
  assert.deepEqual([second?.media, second?.cards, second?.limits], [null, [], {}]);
});

test("frames this version does not know are ignored", () => {
  assert.equal(parseFrame('{"type": "confetti"}'), null);
  assert.equal(parseFrame('{"type": "received", "client_id": "a"}'), null);
});
