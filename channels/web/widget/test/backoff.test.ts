import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decideDelay } from "../src/backoff";

const chance = fc.double({ min: 0, max: 1, noNaN: true });

test("the delay is never under a quarter of a second nor over half a minute", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5_000 }), chance, (attempt, random) => {
      const delay = decideDelay(attempt, random);
      assert.ok(delay >= 250 && delay <= 30_000);
    }),
  );
});

test("with the same luck a later attempt never waits less", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), chance, (attempt, random) => {
      assert.ok(decideDelay(attempt + 1, random) >= decideDelay(attempt, random));
    }),
  );
});

test("two widgets with different luck do not come back at the same moment", () => {
  assert.notEqual(decideDelay(4, 0.1), decideDelay(4, 0.9));
});
