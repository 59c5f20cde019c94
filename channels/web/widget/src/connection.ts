/** Keeps one conversation connected: session, socket, long-poll, again. It must not draw, nor decide what is shown. */

import { decideDelay } from "./backoff";
import type { Conversation } from "./conversation";
import type { Line, LineOwner, Ports } from "./line";
import type { Memory } from "./memory";
import { decideNext, decidePollPeriod, FIRST_PLAN, type Ending, type Plan } from "./plan";
import { PollLine } from "./poll_line";
import { parseJSON, type ClientFrame, type Message, type ServerFrame } from "./protocol";
import { askServer } from "./requests";
import { SocketLine } from "./socket_line";

export type LinkState = "connecting" | "connected" | "reconnecting" | "refused";

export interface Listener {
  handleChange(): void;
  handleArrival(messages: readonly Message[]): void;
  handleTyping(on: boolean): void;
  handleState(state: LinkState): void;
  /** An error of the server that is about no message in particular. */
  handleComplaint(code: string, message: string): void;
  /** The words for a message that was not taken. */
  describeFailure(code: string, message: string): string;
}

interface Session {
  readonly token: string;
  readonly socket: string;
  readonly poll: string;
}

const SESSION_WITHIN = 15_000; // milliseconds

export class Connection implements LineOwner {
  private session: Session | null = null;
  private conversation_id: string | null = null;
  private line: Line | null = null;
  /** The code that the next session goes on with. */
  resume: string | null = null;
  private stopped = false;
  private wasReady = false;
  private endPause: () => void = () => undefined;

  constructor(
    private readonly ports: Ports,
    private readonly base: string,
    private readonly chat: Conversation,
    private readonly memory: Memory,
    private readonly listener: Listener,
    private readonly describePage: () => Record<string, string>,
  ) {}

  get lastSeen(): number {
    return this.chat.lastSeen;
  }

  waiting(): ClientFrame[] {
    return this.chat.waiting();
  }

  async run(): Promise<void> {
    this.restoreUnsent();
    this.listener.handleState("connecting");
    for (let plan = FIRST_PLAN; !this.stopped; ) {
      if (plan.step === "stop") return this.listener.handleState("refused");
      if (plan.wait > 0) await this.pause(decideDelay(plan.wait, this.ports.random()));
      if (this.stopped) return;
      const ending = await this.perform(plan);
      // A socket tried for a moment between two polls is no interruption.
      if (ending.why !== "due" && (ending.ready_for > 0 || plan.step === "poll")) this.leave();
      plan = decideNext(plan, ending);
    }
  }

  /** Tries again at once instead of waiting: the network or the visitor is back. */
  wake(): void {
    this.endPause();
  }

  stop(): void {
    this.stopped = true;
    this.line?.stop();
    this.endPause();
  }

  send(frame: ClientFrame, written_at: string): void {
    this.chat.write(frame, written_at);
    this.memory.keep(frame, written_at);
    this.listener.handleChange();
    this.line?.flush();
    this.wake();
  }

  typing(): void {
    this.line?.typing?.();
  }

  retry(client_id: string): void {
    this.chat.retry(client_id);
    this.listener.handleChange();
    this.line?.flush();
    this.wake();
  }

  /** Sends a file; resolves with the words for what went wrong, none when it was taken. */
  async upload(file: File, client_id: string, handleProgress: (part: number) => void): Promise<string> {
    const headers = { Authorization: `Bearer ${this.session?.token}`, "X-Client-Id": client_id };
    const { status, code, detail } = await this.ports.upload(this.resolve("/chat/files"), headers, file, handleProgress);
    return status === 202 ? "" : this.listener.describeFailure(code, detail);
  }

  handleReady(): void {
    this.wasReady = true;
    this.listener.handleState("connected");
  }

  handleFrame(frame: ServerFrame, complete: boolean): void {
    if (frame.type === "typing") return this.listener.handleTyping(frame.on);
    if (frame.type === "error") this.takeError(frame);
    else if (frame.type === "received") {
      this.chat.settle(frame.client_id, frame.seq);
      this.memory.drop([frame.client_id]);
    } else {
      const { arrived, acknowledged } = this.chat.add(frame.messages, complete);
      this.memory.drop(acknowledged);
      if (arrived.length > 0) this.listener.handleArrival(arrived);
      // The phone number that was left waits for some work of this browser, which is loaded only then.
      if (arrived.some((message) => message.limits.number_work)) {
        void import(this.resolve("/chat/number-work.js")).then((module) => module.work(this.session?.token, (words: string) => this.listener.handleComplaint("", words)));
      }
    }
    this.listener.handleChange();
  }

  private takeError(frame: ServerFrame & { type: "error" }): void {
    if (frame.client_id === null) return this.listener.handleComplaint(frame.code, frame.message);
    this.chat.fail(frame.client_id, this.listener.describeFailure(frame.code, frame.message));
    // Too long stays too long; anything else may be taken after the page is loaded again.
    if (frame.code === "too_long") this.memory.drop([frame.client_id]);
  }

  private leave(): void {
    this.listener.handleTyping(false);
    if (this.wasReady && !this.stopped) this.listener.handleState("reconnecting");
  }

  private async perform(plan: Plan): Promise<Ending> {
    if (plan.step === "session" || this.session === null) return this.openSession(plan.offer_token);
    const { token, socket, poll } = this.session;
    const line =
      plan.step === "socket"
        ? new SocketLine(this.ports, this, this.resolve(socket).replace(/^http/, "ws"), token)
        : new PollLine(this.ports, this, this.resolve(poll), token, decidePollPeriod(plan));
    this.line = line;
    const ending = await line.run();
    this.line = null;
    return ending;
  }

  private async openSession(offerToken: boolean): Promise<Ending> {
    const token = offerToken ? this.memory.token : null;
    // What is undefined is not sent.
    const body = { ...this.describePage(), token: token ?? undefined, resume: this.resume ?? undefined };
    const ask = { method: "POST", token: null, body, within: SESSION_WITHIN, stopped: null } as const;
    const reply = await askServer(this.ports, this.resolve("/chat/session"), ask);
    if (reply.status === 403) return { why: "refused", ready_for: 0 };
    const raw = reply.status >= 200 && reply.status < 300 ? parseJSON(reply.text) : null;
    if (typeof raw?.token === "string" && typeof raw.conversation_id === "string") {
      this.resume = null;
      this.enter(raw.token, raw.conversation_id, raw);
      if (typeof raw.notice === "string") this.listener.handleComplaint("notice", raw.notice);
      return { why: "opened", ready_for: 0 };
    }
    const rejected = reply.status >= 400 && reply.status < 500 && reply.status !== 429;
    return { why: rejected ? "rejected" : "lost", ready_for: 0 };
  }

  private enter(token: string, conversation_id: string, paths: Record<string, unknown>): void {
    if (this.stopped) return;
    this.session = { token, socket: String(paths.socket), poll: String(paths.poll) };
    const moved = this.memory.remember(token, conversation_id);
    // Another tab may have begun the new conversation, so the store alone does not tell.
    const movedHere = this.conversation_id !== null && this.conversation_id !== conversation_id;
    this.conversation_id = conversation_id;
    if (!moved && !movedHere) return;
    this.chat.clear();
    this.restoreUnsent();
    this.listener.handleChange();
  }

  private restoreUnsent(): void {
    for (const { frame, written_at } of this.memory.unsent) this.chat.write(frame, written_at);
  }

  private resolve(path: string): string {
    return new URL(path, this.base).href;
  }

  private pause(delay: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.ports.setTimer(resolve, delay);
      this.endPause = () => {
        cancel();
        resolve();
      };
    });
  }
}
