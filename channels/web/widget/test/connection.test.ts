import assert from "node:assert/strict";
import { test } from "node:test";
import { Connection, type LinkState, type Listener } from "../src/connection";
import { Conversation } from "../src/conversation";
import { Memory } from "../src/memory";
import { BrowserDouble } from "./browser_double";
import { makeFrame, makeMessage } from "./messages";

const AT = "2026-11-23T10:00:00Z";

class Watcher implements Listener {
  readonly states: LinkState[] = [];
  readonly complaints: string[] = [];
  readonly arrived: number[] = [];
  handleChange(): void {}
  handleTyping(): void {}
  handleArrival(messages: readonly { seq: number }[]): void {
    this.arrived.push(...messages.map((message) => message.seq));
  }
  handleState(state: LinkState): void {
    this.states.push(state);
  }
  handleComplaint(code: string): void {
    this.complaints.push(code);
  }
  describeFailure(code: string): string {
    return code;
  }
}

function makeStore(): Pick<Storage, "getItem" | "setItem"> {
  const items = new Map<string, string>();
  return { getItem: (key) => items.get(key) ?? null, setItem: (key, value) => void items.set(key, value) };
}

function start(browser: BrowserDouble, store = makeStore()) {
  const [chat, watcher] = [new Conversation(), new Watcher()];
  const memory = new Memory("parley", () => store);
  const connection = new Connection(browser, "https://chat.example", chat, memory, watcher, () => ({ page_url: "https://site.example/" }));
  const running = connection.run();
  return { chat, watcher, connection, memory, store, stop: () => (connection.stop(), running) };
}

test("opening makes a session, says hello from nothing and shows the replay once", async () => {
  const browser = new BrowserDouble();
  browser.messages.push(makeMessage(1), makeMessage(2));
  const { chat, watcher, stop } = start(browser);
  await browser.pass(10);
  browser.sockets[0]?.push({ type: "messages", messages: [makeMessage(2), makeMessage(3)] });
  await browser.pass(10);
  assert.deepEqual(browser.sessions, [{ page_url: "https://site.example/" }]);
  assert.deepEqual(browser.hellos, [{ token: "token-1", last_seen: 0 }]);
  assert.deepEqual(watcher.arrived, [1, 2, 3]);
  assert.equal(chat.entries().length, 3);
  assert.deepEqual(watcher.states, ["connecting", "connected"]);
  await stop();
});

test("a message whose receipt was lost is sent again with the same client_id and stands once", async () => {
  for (const storesMessages of [true, false]) {
    const browser = new BrowserDouble();
    Object.assign(browser, { storesMessages, sendsReceipts: false });
    const { chat, connection, memory, stop } = start(browser);
    await browser.pass(10);
    connection.send(makeFrame("a"), AT);
    await browser.pass(10);
    Object.assign(browser, { storesMessages: true, sendsReceipts: true });
    browser.sockets[0]?.onclose?.({ code: 1001 });
    await browser.pass(5_000);
    assert.equal(browser.hellos.length, 2);
    assert.deepEqual(browser.messages.map((message) => message.client_id), ["a"]);
    assert.deepEqual(chat.entries().map((entry) => [entry.key, entry.unsent]), [["a", null]]);
    assert.deepEqual(memory.unsent, []);
    await stop();
  }
});

test("what was written while away is sent in order after the reconnect", async () => {
  const browser = new BrowserDouble();
  const { connection, stop } = start(browser);
  await browser.pass(10);
  browser.network = false;
  browser.sockets[0]?.onclose?.({ code: 1006 });
  for (const id of ["a", "b", "c"]) connection.send(makeFrame(id), AT);
  await browser.pass(20_000);
  assert.deepEqual(browser.frames, []);
  browser.network = true;
  await browser.pass(60_000);
  assert.deepEqual(browser.messages.map((message) => message.client_id), ["a", "b", "c"]);
  await stop();
});

test("a reload of the page sends what was never acknowledged with the same client_id", async () => {
  const [browser, store] = [new BrowserDouble(), makeStore()];
  browser.network = false;
  const before = start(browser, store);
  before.connection.send(makeFrame("a"), AT);
  await before.stop();
  browser.network = true;
  const after = start(browser, store);
  await browser.pass(10);
  assert.deepEqual(browser.messages.map((message) => message.client_id), ["a"]);
  assert.deepEqual(after.memory.unsent, []);
  await after.stop();
});

test("a half-open socket that never answers is given up and the message sent on the next", async () => {
  const browser = new BrowserDouble();
  browser.sendsReceipts = browser.storesMessages = false;
  const { connection, stop } = start(browser);
  await browser.pass(10);
  connection.send(makeFrame("a"), AT);
  await browser.pass(19_000);
  assert.equal(browser.sockets.length, 1);
  browser.sendsReceipts = browser.storesMessages = true;
  await browser.pass(5_000);
  assert.deepEqual(browser.messages.map((message) => message.client_id), ["a"]);
  await stop();
});

test("without sockets the chat goes on by long-poll and returns to the socket later", async () => {
  const browser = new BrowserDouble();
  browser.socketsWork = false;
  browser.messages.push(makeMessage(1));
  const { chat, watcher, connection, stop } = start(browser);
  await browser.pass(2_000);
  assert.equal(browser.sockets.length, 2);
  connection.send(makeFrame("a"), AT);
  connection.send(makeFrame("b"), AT);
  await browser.pass(500);
  browser.messages.push(makeMessage(4));
  await browser.pass(500);
  assert.deepEqual(chat.entries().map((entry) => entry.message?.seq), [1, 2, 3, 4]);
  browser.socketsWork = true;
  await browser.pass(61_000);
  const polls = browser.polls.length;
  await browser.pass(60_000);
  assert.equal(browser.polls.length, polls);
  assert.deepEqual(browser.hellos, [{ token: "token-1", last_seen: 4 }]);
  assert.ok(!watcher.states.includes("reconnecting"));
  await stop();
});

test("a poll that fails shows as reconnecting and loses nothing", async () => {
  const browser = new BrowserDouble();
  browser.socketsWork = false;
  const { chat, watcher, connection, stop } = start(browser);
  await browser.pass(2_000);
  browser.network = false;
  connection.send(makeFrame("a"), AT);
  await browser.pass(500);
  assert.equal(watcher.states.at(-1), "reconnecting");
  browser.network = true;
  await browser.pass(60_000);
  assert.equal(watcher.states.at(-1), "connected");
  assert.deepEqual(chat.waiting(), []);
  await stop();
});

test("a token the server no longer takes leads to a new conversation that keeps the unsent text", async () => {
  const browser = new BrowserDouble();
  browser.messages.push(makeMessage(1, { text: "old" }));
  const { chat, connection, stop } = start(browser);
  await browser.pass(10);
  browser.token = "token-2";
  browser.messages.splice(0, 1, makeMessage(1, { text: "new" }));
  browser.sockets[0]?.onclose?.({ code: 4401 });
  connection.send(makeFrame("a"), AT);
  await browser.pass(5_000);
  assert.deepEqual(chat.entries().map((entry) => entry.message?.text), ["new", "text of a"]);
  assert.deepEqual(browser.hellos.at(-1), { token: "token-2", last_seen: 0 });
  await stop();
});

test("a refused origin stops all calls", async () => {
  const browser = new BrowserDouble();
  const { watcher, stop } = start(browser);
  await browser.pass(10);
  browser.sockets[0]?.onclose?.({ code: 4403 });
  await browser.pass(600_000);
  assert.equal(watcher.states.at(-1), "refused");
  assert.equal(browser.sockets.length, 1);
  await stop();
});

test("a frame the server finds too large is set aside so that it cannot close every new connection", async () => {
  const browser = new BrowserDouble();
  browser.sendsReceipts = browser.storesMessages = false;
  const { chat, connection, memory, stop } = start(browser);
  await browser.pass(10);
  connection.send(makeFrame("small", "x"), AT);
  connection.send(makeFrame("large", "x".repeat(3_000)), AT);
  browser.sendsReceipts = browser.storesMessages = true;
  browser.sockets[0]?.onclose?.({ code: 1009 });
  await browser.pass(5_000);
  assert.deepEqual(browser.messages.map((message) => message.client_id), ["small"]);
  assert.equal(chat.entries().at(-1)?.unsent?.failure, "too_long");
  assert.deepEqual(memory.unsent, []);
  await stop();
});

test("a message refused for haste is kept, and sent by the visitor's retry on the same connection", async () => {
  const browser = new BrowserDouble();
  browser.sendsReceipts = browser.storesMessages = false;
  const { chat, connection, stop } = start(browser);
  await browser.pass(10);
  connection.send(makeFrame("a"), AT);
  browser.sockets[0]?.push({ type: "error", code: "too_fast", message: "", client_id: "a" });
  await browser.pass(10);
  assert.equal(chat.entries()[0]?.unsent?.failure, "too_fast");
  browser.sendsReceipts = browser.storesMessages = true;
  connection.retry("a");
  await browser.pass(10);
  assert.deepEqual([browser.messages.length, browser.sockets.length], [1, 1]);
  await stop();
});

test("an unreadable message is marked as failed although its error names none, and is not sent for ever", async () => {
  const browser = new BrowserDouble();
  browser.sendsReceipts = browser.storesMessages = false;
  const { chat, connection, watcher, stop } = start(browser);
  await browser.pass(10);
  connection.send(makeFrame("a"), AT);
  browser.sockets[0]?.push({ type: "error", code: "malformed", message: "", client_id: null });
  await browser.pass(60_000);
  assert.equal(chat.entries()[0]?.unsent?.failure, "malformed");
  assert.deepEqual([browser.frames.length, browser.sockets.length, watcher.complaints.length], [1, 1, 0]);
  browser.sockets[0]?.push({ type: "error", code: "busy", message: "", client_id: null });
  await browser.pass(10);
  assert.deepEqual(watcher.complaints, ["busy"]);
  await stop();
});

test("after stopping nothing is called any more", async () => {
  const browser = new BrowserDouble();
  browser.network = false;
  const { stop } = start(browser);
  await browser.pass(1_000);
  await stop();
  browser.network = true;
  await browser.pass(600_000);
  assert.deepEqual([browser.sessions.length, browser.sockets.length], [0, 0]);
});

test("a code is offered until a session was opened with it, and what the server says of it is shown", async () => {
  const browser = new BrowserDouble();
  browser.notice = "This code is not valid.";
  browser.network = false;
  const { watcher, connection, stop } = start(browser);
  connection.resume = "K7M2QX";
  await browser.pass(10);
  browser.network = true;
  await browser.pass(5_000);
  assert.deepEqual(browser.sessions, [{ page_url: "https://site.example/", resume: "K7M2QX" }]);
  assert.deepEqual(watcher.complaints, ["notice"]);
  browser.token = "token-2";
  browser.sockets[0]?.onclose?.({ code: 4401 });
  await browser.pass(5_000);
  assert.deepEqual(browser.sessions.at(-1), { page_url: "https://site.example/", token: "token-1" });
  await stop();
});

test("a file is sent with the session's token and an id of its own, and a refusal is told in words", async () => {
  const browser = new BrowserDouble();
  const { connection, stop } = start(browser);
  await browser.pass(10);
  const parts: number[] = [];
  const file = new File(["x"], "plan.pdf");
  assert.equal(await connection.upload(file, "id-1", (part) => parts.push(part)), "");
  const headers = { Authorization: "Bearer token-1", "X-Client-Id": "id-1" };
  assert.deepEqual(browser.uploads, [{ url: "https://chat.example/chat/files", headers, name: "plan.pdf" }]);
  assert.deepEqual(parts, [1]);
  browser.uploadReply = { status: 415, text: "", code: "file_not_accepted", detail: "No." };
  assert.equal(await connection.upload(file, "id-2", () => undefined), "file_not_accepted");
  await stop();
});
