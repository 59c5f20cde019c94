/** A browser's network and clock for the connection tests, and a server behind them that can be told to fail. */

import type { Ports, SocketLike } from "../src/line";
import type { ClientFrame, Message } from "../src/protocol";
import type { Reply } from "../src/requests";
import { makeMessage } from "./messages";

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

export class BrowserDouble implements Ports {
  readonly messages: Message[] = [];
  readonly frames: ClientFrame[] = [];
  readonly hellos: { token: string; last_seen: number }[] = [];
  readonly sessions: { token?: string; resume?: string }[] = [];
  notice: string | undefined;
  readonly polls: string[] = [];
  readonly sockets: SocketDouble[] = [];
  token = "token-1";
  socketsWork = true;
  network = true;
  storesMessages = true;
  sendsReceipts = true;
  private timers: Timer[] = [];
  private clock = 0;

  now(): number {
    return this.clock;
  }

  random(): number {
    return 1;
  }

  setTimer(callback: () => void, delay: number): () => void {
    const timer = { at: this.clock + delay, callback };
    this.timers.push(timer);
    return () => (this.timers = this.timers.filter((each) => each !== timer));
  }

  /** Lets `duration` milliseconds pass, timer by timer, and everything they set off settle. */
  async pass(duration: number): Promise<void> {
    const until = this.clock + duration;
    await settle();
    for (;;) {
      const [next] = this.timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.clock = next.at;
      this.timers = this.timers.filter((timer) => timer !== next);
      next.callback();
      await settle();
    }
    this.clock = until;
  }

  openSocket(): SocketLike {
    const socket = new SocketDouble(this);
    this.sockets.push(socket);
    queueMicrotask(() => (this.network && this.socketsWork ? socket.onopen?.() : socket.onclose?.({ code: 1006 })));
    return socket;
  }

  readonly uploads: { url: string; headers: Record<string, string>; name: string }[] = [];
  uploadReply: Reply = { status: 202, text: "{}", code: "", detail: "" };

  async upload(url: string, headers: Record<string, string>, file: File, handleProgress: (part: number) => void): Promise<Reply> {
    this.uploads.push({ url, headers, name: file.name });
    handleProgress(1);
    return this.uploadReply;
  }

  async fetch(url: string, init: RequestInit): Promise<Response> {
    if (!this.network) throw new TypeError("network");
    const { pathname, searchParams } = new URL(url);
    if (pathname === "/chat/session") {
      this.sessions.push(JSON.parse(String(init.body)));
      const paths = { socket: "/chat/socket", poll: "/chat/messages" };
      return Response.json({ token: this.token, conversation_id: `of-${this.token}`, ...paths, notice: this.notice });
    }
    if (new Headers(init.headers).get("Authorization") !== `Bearer ${this.token}`) return new Response("", { status: 401 });
    if (init.method === "POST") return Response.json(this.receive(JSON.parse(String(init.body))), { status: 202 });
    this.polls.push(url);
    const after = Number(searchParams.get("after"));
    if (searchParams.get("wait") !== "0") await this.waitForNews(after, init.signal);
    return Response.json({ messages: this.messages.filter((message) => message.seq > after) });
  }

  receive(frame: ClientFrame): object {
    this.frames.push(frame);
    const known = this.messages.find((message) => message.client_id === frame.client_id);
    if (known) return { type: "received", client_id: frame.client_id, seq: known.seq };
    const seq = this.messages.length + 1;
    if (this.storesMessages) this.messages.push(makeMessage(seq, { author: "visitor", text: frame.text, client_id: frame.client_id }));
    return { type: "received", client_id: frame.client_id, seq };
  }

  private waitForNews(after: number, signal: AbortSignal | null | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const until = this.clock + 25_000;
      const look = (): void => {
        if (this.messages.some((message) => message.seq > after) || this.clock >= until) resolve();
        else this.setTimer(look, 100);
      };
      signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
      look();
    });
  }
}

export class SocketDouble implements SocketLike {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  constructor(private readonly server: BrowserDouble) {}

  send(text: string): void {
    const frame = JSON.parse(text);
    if (frame.type === "hello") return this.greet(frame);
    const receipt = this.server.receive(frame);
    if (this.server.sendsReceipts) this.push(receipt);
  }

  close(): void {}

  push(frame: object): void {
    queueMicrotask(() => this.onmessage?.({ data: JSON.stringify(frame) }));
  }

  private greet(hello: { token: string; last_seen: number }): void {
    this.server.hellos.push({ token: hello.token, last_seen: hello.last_seen });
    if (hello.token !== this.server.token) return queueMicrotask(() => this.onclose?.({ code: 4401 }));
    this.push({ type: "messages", messages: this.server.messages.filter((message) => message.seq > hello.last_seen) });
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
