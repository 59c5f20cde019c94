import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Transcript } from "../src/transcript";
import { makeMessage } from "./messages";

const numbers = (transcript: Transcript): number[] => transcript.inOrder().map((message) => message.seq);

test("however often and in whatever order messages come, each is kept once and in order", () => {
  const seqs = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 60 });
  fc.assert(
    fc.property(seqs, fc.integer({ min: 1, max: 7 }), (order, size) => {
      const transcript = new Transcript();
      const fresh: number[] = [];
      for (let from = 0; from < order.length; from += size) {
        const batch = [...new Set(order.slice(from, from + size))].map((seq) => makeMessage(seq));
        fresh.push(...transcript.add(batch, false).map((message) => message.seq));
      }
      const unique = [...new Set(order)].sort((a, b) => a - b);
      assert.deepEqual(numbers(transcript), unique);
      assert.deepEqual([...fresh].sort((a, b) => a - b), unique);
    }),
  );
});

test("last seen never passes over a message that has not come", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 20 })), (seqs) => {
      const transcript = new Transcript();
      for (const seq of seqs) transcript.add([makeMessage(seq)], false);
      for (let seq = 1; seq <= transcript.lastSeen; seq += 1) assert.ok(seqs.includes(seq));
      assert.ok(!seqs.includes(transcript.lastSeen + 1));
    }),
  );
});

test("a number missing from a complete replay is not asked for again", () => {
  const transcript = new Transcript();
  transcript.add([makeMessage(1), makeMessage(4)], true);
  assert.equal(transcript.lastSeen, 4);
  transcript.add([makeMessage(5)], false);
  assert.equal(transcript.lastSeen, 5);
});

test("an empty replay moves nothing", () => {
  const transcript = new Transcript();
  transcript.add([makeMessage(1), makeMessage(2)], true);
  transcript.add([], true);
  assert.equal(transcript.lastSeen, 2);
});
