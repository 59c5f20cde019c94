/** The long-poll line for networks without WebSockets. It must not decide what happens after it ends. */

import type { LineOwner, Ports } from "./line";
import type { Why } from "./plan";
import { parseFrame, parseJSON, parseMessages, type ClientFrame } from "./protocol";
import { askServer, type Reply } from "./requests";
import { ServedLine } from "./served_line";

const WAIT = 25; // seconds the server may hold a request
const GRACE = 15_000; // milliseconds on top of that
const POST_WITHIN = 30_000; // milliseconds
const SHORTEST_ROUND = 1_000; // milliseconds; a server that does not wait must not be asked in a tight loop

export class PollLine extends ServedLine {
  private readonly stopping = new AbortController();
  private posting = false;
  private cancelPeriod: () => void = () => undefined;

  constructor(ports: Ports, owner: LineOwner, url: string, token: string, private readonly period: number) {
    super(ports, owner, url, token);
  }

  flush(): void {
    if (this.readyAt !== null && !this.posting) void this.post();
  }

  protected begin(): void {
    this.cancelPeriod = this.ports.setTimer(() => this.end("due"), this.period);
    void this.listen();
  }

  protected release(): void {
    this.cancelPeriod();
    this.stopping.abort();
  }

  private async listen(): Promise<void> {
    // The first round does not wait: it is the replay.
    for (let wait = 0; !this.stopping.signal.aborted; wait = WAIT) {
      const [askedAt, after] = [this.ports.now(), this.owner.lastSeen];
      const reply = await this.ask("GET", `${this.url}?after=${after}&wait=${wait}`, null, wait * 1_000 + GRACE);
      if (this.stopping.signal.aborted) return;
      const body = reply.status === 200 ? parseJSON(reply.text) : null;
      if (body === null) return this.end(readFailure(reply) ?? "lost");
      this.owner.handleFrame({ type: "messages", messages: parseMessages(body.messages) }, true);
      this.becomeReady();
      const tooQuick = wait > 0 && this.owner.lastSeen === after && this.ports.now() - askedAt < SHORTEST_ROUND;
      if (tooQuick) await new Promise<void>((resolve) => this.ports.setTimer(resolve, SHORTEST_ROUND));
    }
  }

  // One at a time, so that messages arrive in the order they were written.
  private async post(): Promise<void> {
    this.posting = true;
    for (let [frame] = this.owner.waiting(); frame && !this.stopping.signal.aborted; [frame] = this.owner.waiting()) {
      const reply = await this.ask("POST", this.url, frame, POST_WITHIN);
      if (this.stopping.signal.aborted || !this.takeReceipt(frame, reply)) break;
    }
    this.posting = false;
  }

  /** Settles or fails the message; false when the line is of no use any more. */
  private takeReceipt(frame: ClientFrame, reply: Reply): boolean {
    const receipt = reply.status >= 200 && reply.status < 300 ? parseFrame(reply.text) : null;
    if (receipt?.type === "received" && receipt.client_id === frame.client_id) {
      this.owner.handleFrame(receipt, false);
      return true;
    }
    const failure = receipt === null ? readFailure(reply) : "lost";
    if (failure !== null) {
      this.end(failure);
      return false;
    }
    const { code, detail: message } = reply;
    this.owner.handleFrame({ type: "error", code, message, client_id: frame.client_id }, false);
    return true;
  }

  private ask(method: "GET" | "POST", url: string, body: unknown, within: number): Promise<Reply> {
    return askServer(this.ports, url, { method, token: this.token, body, within, stopped: this.stopping.signal });
  }
}

/** Why the line must end, or null when the answer is about the one message only. */
function readFailure(reply: Reply): Why | null {
  if (reply.status === 401) return "unauthorized";
  if (reply.status === 403) return "refused";
  return reply.status >= 400 && reply.status < 500 ? null : "lost";
}
