import assert from "node:assert/strict";
import { test } from "node:test";
import { Memory } from "../src/memory";
import { makeFrame } from "./messages";

const AT = "2026-11-23T10:00:00Z";

class Store {
  readonly items = new Map<string, string>();

  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }
}

test("token and unacknowledged messages survive a reload of the page", () => {
  const store = new Store();
  const before = new Memory("parley", () => store);
  before.remember("token", "conversation");
  before.keep(makeFrame("a"), AT);
  const after = new Memory("parley", () => store);
  assert.equal(after.token, "token");
  assert.deepEqual(after.unsent, [{ frame: makeFrame("a"), written_at: AT }]);
});

test("two tabs do not lose each other's messages", () => {
  const store = new Store();
  const [one, other] = [new Memory("parley", () => store), new Memory("parley", () => store)];
  one.keep(makeFrame("a"), AT);
  other.keep(makeFrame("b"), AT);
  one.drop(["a"]);
  assert.deepEqual(other.unsent.map((item) => item.frame.client_id), ["b"]);
});

test("in a new conversation texts are carried over and taps are dropped", () => {
  const memory = new Memory("parley", () => new Store());
  const store = new Store();
  const kept = new Memory("parley", () => store);
  kept.remember("t1", "one");
  kept.keep(makeFrame("a"), AT);
  kept.keep({ type: "choice", client_id: "b", step: "flow/goal", value: "x", text: "X" }, AT);
  assert.equal(kept.remember("t2", "one"), false);
  assert.equal(kept.unsent.length, 2);
  assert.equal(kept.remember("t3", "two"), true);
  assert.deepEqual(kept.unsent.map((item) => item.frame.client_id), ["a"]);
  assert.equal(memory.remember("t", "first"), false);
});

test("blocked storage is no obstacle for the life of the page", () => {
  const memory = new Memory("parley", () => {
    throw new Error("denied");
  });
  memory.remember("token", "conversation");
  memory.keep(makeFrame("a"), AT);
  assert.equal(memory.token, "token");
  assert.equal(memory.unsent.length, 1);
});

test("storage filled with nonsense reads as empty", () => {
  for (const nonsense of ["{", "[]", "7", '{"unsent": 3}', '{"unsent": [null, {"frame": {}}, 4]}']) {
    const store = new Store();
    store.setItem("parley", nonsense);
    const memory = new Memory("parley", () => store);
    assert.equal(memory.token, null);
    assert.deepEqual(memory.unsent, []);
  }
});
