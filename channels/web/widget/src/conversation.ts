/** What the visitor sees: numbered messages, then what is still on its way. Pure; it must not send or draw. */

import { parseMessages, type ClientFrame, type InputKind, type Message } from "./protocol";
import { Transcript } from "./transcript";

/** A message of the visitor that the server has not acknowledged. */
export interface Unsent {
  readonly frame: ClientFrame;
  readonly written_at: string;
  readonly failure: string | null;
}

export interface Entry {
  /** Stays the same from writing to replay, so that a message is drawn once. */
  readonly key: string;
  readonly message: Message | null;
  readonly unsent: Unsent | null;
  /** Whether this message asks for something that may still be tapped or filled in. */
  readonly open: boolean;
  /** The text the visitor answered with, once there is an answer. */
  readonly answer: string | null;
}

export class Conversation {
  private readonly transcript = new Transcript();
  private unsent: Unsent[] = [];

  get lastSeen(): number {
    return this.transcript.lastSeen;
  }

  /** Takes messages in; returns the new ones that others wrote and the `client_id`s this acknowledged. */
  add(messages: readonly Message[], complete: boolean): { arrived: Message[]; acknowledged: string[] } {
    const fresh = this.transcript.add(messages, complete);
    const ids = new Set(messages.map((message) => message.client_id));
    const acknowledged = this.unsent.map((item) => item.frame.client_id).filter((id) => ids.has(id));
    this.unsent = this.unsent.filter((item) => !ids.has(item.frame.client_id));
    return { arrived: fresh.filter((message) => message.author !== "visitor"), acknowledged };
  }

  write(frame: ClientFrame, written_at: string): void {
    if (this.unsent.some((item) => item.frame.client_id === frame.client_id)) return;
    this.unsent.push({ frame, written_at, failure: null });
  }

  /** The server stored our message as number `seq`; its own copy of it may come before, later or never. */
  settle(client_id: string, seq: number): void {
    const item = this.unsent.find((each) => each.frame.client_id === client_id);
    if (!item) return;
    const { text } = item.frame;
    this.add(parseMessages([{ seq, author: "visitor", text, client_id, at: item.written_at }]), false);
  }

  fail(client_id: string, failure: string): void {
    this.replace(client_id, failure);
  }

  retry(client_id: string): void {
    this.replace(client_id, null);
  }

  /** What a new connection has to send, in the order it was written. */
  waiting(): ClientFrame[] {
    return this.unsent.filter((item) => item.failure === null).map((item) => item.frame);
  }

  clear(): void {
    this.transcript.clear();
    this.unsent = [];
  }

  entries(): Entry[] {
    const messages = this.transcript.inOrder();
    const sending = this.unsent.filter((item) => item.failure === null);
    const shown = messages.map((message, index) => {
      const later = messages.slice(index + 1);
      const reply = later.find((each) => each.author === "visitor")?.text ?? sending[0]?.frame.text ?? null;
      const asks = message.choices.length > 0 || message.input !== null;
      const open = asks && reply === null && !later.some((each) => each.input !== null);
      return { key: message.client_id ?? `seq-${message.seq}`, message, unsent: null, open, answer: reply };
    });
    const own = this.unsent.map((item) => {
      return { key: item.frame.client_id, message: null, unsent: item, open: false, answer: null };
    });
    return [...shown, ...own];
  }

  /** What kind of answer the open question asks for; null once something else was said to the visitor's answer. */
  get asked(): InputKind | null {
    let [asked, answered]: [InputKind | null, boolean] = [null, false];
    for (const message of this.transcript.inOrder()) {
      if (message.author === "visitor") answered = true;
      else if (message.input !== null) [asked, answered] = [message.input, false];
      else if (answered) asked = null;
    }
    return asked;
  }

  get hasVisitorWritten(): boolean {
    return this.unsent.length > 0 || this.transcript.inOrder().some((message) => message.author === "visitor");
  }

  private replace(client_id: string, failure: string | null): void {
    this.unsent = this.unsent.map((item) => (item.frame.client_id === client_id ? { ...item, failure } : item));
  }
}
