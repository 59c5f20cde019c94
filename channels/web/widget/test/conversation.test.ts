import assert from "node:assert/strict";
import { test } from "node:test";
import { Conversation } from "../src/conversation";
import { makeFrame, makeMessage } from "./messages";

const AT = "2026-11-23T10:00:00Z";
const CHOICES = [
  { value: "yes", label: "Yes" },
  { value: "no", label: "No" },
];
const QUESTION = makeMessage(1, { choices: CHOICES, input: "consent", step: "flow/consent" });

function ask(): Conversation {
  const chat = new Conversation();
  chat.add([QUESTION], true);
  return chat;
}

test("an own message is shown once whether the receipt or the server's copy comes first", () => {
  const copy = makeMessage(2, { author: "visitor", client_id: "a", text: "hello" });
  for (const receiptFirst of [true, false]) {
    const chat = ask();
    chat.write(makeFrame("a", "hello"), AT);
    if (receiptFirst) chat.settle("a", 2);
    chat.add([copy], false);
    chat.settle("a", 2);
    assert.deepEqual(chat.entries().map((entry) => entry.key), ["seq-1", "a"]);
    assert.deepEqual(chat.waiting(), []);
    assert.equal(chat.lastSeen, 2);
  }
});

test("an own message keeps its key from writing to replay, so that it is drawn once", () => {
  const chat = new Conversation();
  chat.write(makeFrame("a"), AT);
  const before = chat.entries()[0]?.key;
  chat.settle("a", 1);
  assert.equal(chat.entries()[0]?.key, before);
});

test("a replay that holds our message acknowledges it and does not count as news", () => {
  const chat = new Conversation();
  chat.write(makeFrame("a"), AT);
  const { arrived, acknowledged } = chat.add([makeMessage(1, { author: "visitor", client_id: "a" }), makeMessage(2)], true);
  assert.deepEqual(acknowledged, ["a"]);
  assert.deepEqual(arrived.map((message) => message.seq), [2]);
});

test("unacknowledged messages wait in the order they were written and a failed one stands aside until retried", () => {
  const chat = new Conversation();
  for (const id of ["a", "b", "c"]) chat.write(makeFrame(id), AT);
  chat.fail("b", "too fast");
  assert.deepEqual(chat.waiting().map((frame) => frame.client_id), ["a", "c"]);
  chat.retry("b");
  assert.deepEqual(chat.waiting().map((frame) => frame.client_id), ["a", "b", "c"]);
});

test("writing the same message twice, as after a reload, keeps one", () => {
  const chat = new Conversation();
  chat.write(makeFrame("a"), AT);
  chat.write(makeFrame("a"), AT);
  assert.equal(chat.waiting().length, 1);
});

test("a receipt for a message this page never wrote changes nothing", () => {
  const chat = ask();
  chat.settle("stranger", 9);
  assert.deepEqual([chat.entries().length, chat.lastSeen], [1, 1]);
});

test("choices are open until answered, and open again when the answer could not be sent", () => {
  const chat = ask();
  assert.equal(chat.entries()[0]?.open, true);
  chat.write({ type: "choice", client_id: "a", step: "flow/consent", value: "no", text: "No" }, AT);
  assert.deepEqual([chat.entries()[0]?.open, chat.entries()[0]?.answer], [false, "No"]);
  chat.fail("a", "too fast");
  assert.equal(chat.entries()[0]?.open, true);
});

test("choices close when a later question is asked but not when a follow-up merely says something", () => {
  const chat = ask();
  chat.add([makeMessage(2, { author: "follow_up" })], false);
  assert.equal(chat.entries()[0]?.open, true);
  chat.add([makeMessage(3, { input: "email" })], false);
  assert.equal(chat.entries()[0]?.open, false);
});

test("the text field is told what is asked only while that question is open", () => {
  const chat = new Conversation();
  chat.add([makeMessage(1, { input: "email" })], true);
  assert.equal(chat.asked, "email");
  chat.add([makeMessage(2, { author: "follow_up" })], false);
  assert.equal(chat.asked, "email");
  chat.add([makeMessage(3, { author: "visitor" }), makeMessage(4)], false);
  assert.equal(chat.asked, null);
});

test("a question with a field is open until it is answered or another one is asked", () => {
  const chat = new Conversation();
  chat.add([makeMessage(1, { input: "rating" }), makeMessage(2), makeMessage(3, { input: "date" })], true);
  assert.deepEqual(chat.entries().map((entry) => entry.open), [false, false, true]);
  chat.add([makeMessage(4, { author: "visitor", text: "2026-11-24" })], true);
  assert.deepEqual(chat.entries().map((entry) => entry.open), [false, false, false, false]);
});
