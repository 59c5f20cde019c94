import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decideNext, decidePollPeriod, FIRST_PLAN, type Ending, type Plan } from "../src/plan";

const lost: Ending = { why: "lost", ready_for: 0 };
const opened: Ending = { why: "opened", ready_for: 0 };
const due: Ending = { why: "due", ready_for: 60_000 };
const unauthorized: Ending = { why: "unauthorized", ready_for: 0 };

function follow(...endings: Ending[]): Plan {
  return endings.reduce(decideNext, FIRST_PLAN);
}

test("a session is followed by the socket at once", () => {
  assert.deepEqual(follow(opened), { ...FIRST_PLAN, step: "socket" });
});

test("after two failed sockets the line falls back to long-poll without waiting", () => {
  assert.equal(follow(opened, lost).step, "socket");
  const plan = follow(opened, lost, lost);
  assert.equal(plan.step, "poll");
  assert.equal(plan.wait, 0);
});

test("a socket that worked and was lost is opened again and not held against sockets", () => {
  const plan = follow(opened, { why: "lost", ready_for: 20_000 }, lost);
  assert.equal(plan.step, "socket");
  assert.equal(plan.socket_failures, 1);
});

test("polling gives the socket another try and returns to polling when that fails", () => {
  const trial = follow(opened, lost, lost, due);
  assert.deepEqual([trial.step, trial.wait], ["socket", 0]);
  const again = decideNext(trial, lost);
  assert.deepEqual([again.step, again.wait], ["poll", 0]);
  assert.ok(decidePollPeriod(again) > decidePollPeriod(follow(opened, lost, lost)));
});

test("a refused token is offered once more, then a new session begins without it", () => {
  const first = follow(opened, unauthorized);
  assert.deepEqual([first.step, first.offer_token, first.wait], ["session", true, 0]);
  const second = [opened, unauthorized].reduce(decideNext, first);
  assert.deepEqual([second.step, second.offer_token], ["session", false]);
  assert.ok(second.wait > 0);
});

test("a session request the server rejects is repeated without the old token", () => {
  assert.equal(follow({ why: "rejected", ready_for: 0 }).offer_token, false);
  assert.equal(follow(lost).offer_token, true);
});

test("a refused origin ends everything, whatever was tried before", () => {
  assert.equal(follow({ why: "refused", ready_for: 0 }).step, "stop");
  assert.equal(follow(opened, { why: "refused", ready_for: 0 }).step, "stop");
  assert.equal(follow(opened, lost, lost, { why: "refused", ready_for: 5 }).step, "stop");
});

test("a server that is away is never asked in a tight loop", () => {
  const ending = fc.record({
    why: fc.constantFrom("lost", "unauthorized", "rejected", "opened", "due") as fc.Arbitrary<Ending["why"]>,
    ready_for: fc.constantFrom(0, 5, 20_000),
  });
  fc.assert(
    fc.property(fc.array(ending, { maxLength: 40 }), (past) => {
      let plan = follow(...past);
      let waits = 0;
      for (let round = 0; round < 6; round += 1) {
        plan = decideNext(plan, lost);
        waits += plan.wait > 0 ? 1 : 0;
      }
      assert.ok(waits >= 2, "six failures in a row have at least two pauses between them");
    }),
  );
});

test("longer and longer pauses follow when connections break as soon as they stand", () => {
  const short: Ending = { why: "lost", ready_for: 50 };
  assert.deepEqual([follow(opened, short).wait, follow(opened, short, short, short).wait], [1, 3]);
});
