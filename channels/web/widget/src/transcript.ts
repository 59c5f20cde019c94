/** The messages the server has numbered, each kept once. Pure; it must not know how they arrived. */

import type { Message } from "./protocol";

export class Transcript {
  private readonly bySeq = new Map<number, Message>();
  private seen = 0;

  /** The `seq` up to which nothing is missing: what a reconnect asks the server to continue from. */
  get lastSeen(): number {
    return this.seen;
  }

  /**
   * Takes messages in and returns those that were new.
   *
   * `complete` says that the server sent everything after `lastSeen`; a number missing below the highest one then
   * does not exist any more and must not be asked for again and again.
   */
  add(messages: readonly Message[], complete: boolean): Message[] {
    const fresh = messages.filter((message) => !this.bySeq.has(message.seq));
    for (const message of messages) this.bySeq.set(message.seq, message);
    if (complete) this.seen = messages.reduce((highest, message) => Math.max(highest, message.seq), this.seen);
    while (this.bySeq.has(this.seen + 1)) this.seen += 1;
    return fresh;
  }

  inOrder(): Message[] {
    return [...this.bySeq.values()].sort((a, b) => a.seq - b.seq);
  }

  clear(): void {
    this.bySeq.clear();
    this.seen = 0;
  }
}
