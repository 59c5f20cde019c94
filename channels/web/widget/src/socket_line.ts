/** The WebSocket line: hello, replay, then frames both ways. It must not decide what happens after it ends. */

import type { SocketLike } from "./line";
import type { Why } from "./plan";
import { parseFrame, type ClientFrame, type ServerFrame } from "./protocol";
import { ServedLine } from "./served_line";

const REPLAY_WITHIN = 5_000; // milliseconds from opening to the replay
const RECEIPT_WITHIN = 20_000; // milliseconds; a dead connection may otherwise look open for minutes

const CLOSE_REASONS: Record<number, Why> = { 4401: "unauthorized", 4403: "refused" };
const FRAME_TOO_LARGE = 1009;

export class SocketLine extends ServedLine {
  private socket: SocketLike | null = null;
  private readonly sent = new Set<string>();
  private cancelWatch: () => void = () => undefined;

  flush(): void {
    if (this.readyAt === null || this.socket === null) return;
    for (const frame of this.owner.waiting()) {
      if (this.sent.has(frame.client_id)) continue;
      this.sent.add(frame.client_id);
      this.socket.send(JSON.stringify(frame));
    }
    this.watchReceipts();
  }

  // With each letter: the server tells it on now and then.
  typing(): void {
    if (this.readyAt !== null) this.socket?.send(JSON.stringify({ type: "typing" }));
  }

  protected begin(): void {
    this.watch(REPLAY_WITHIN);
    try {
      const socket = this.ports.openSocket(this.url);
      this.socket = socket;
      socket.onopen = () =>
        socket.send(JSON.stringify({ type: "hello", token: this.token, last_seen: this.owner.lastSeen }));
      socket.onmessage = ({ data }) => this.take(data);
      socket.onclose = ({ code }) => this.handleClose(code);
    } catch {
      // The browser refuses some addresses at once, such as ws: from an https: page.
      this.end("lost");
    }
  }

  private take(data: unknown): void {
    const frame = typeof data === "string" ? this.attribute(parseFrame(data)) : null;
    if (frame === null) return;
    const replay = frame.type === "messages" && this.readyAt === null;
    if (frame.type === "error" && frame.client_id !== null) this.sent.delete(frame.client_id);
    this.owner.handleFrame(frame, replay);
    if (replay) this.becomeReady();
    else if (frame.type === "received" || frame.type === "error") this.watchReceipts();
  }

  // A frame the server could not read has no client_id in its error; if only one is out, it was that one.
  private attribute(frame: ServerFrame | null): ServerFrame | null {
    const [only, ...others] = this.unreceived();
    if (frame?.type !== "error" || frame.client_id !== null || !only || others.length > 0) return frame;
    return { ...frame, client_id: only.client_id };
  }

  private handleClose(code: number): void {
    if (code === FRAME_TOO_LARGE) this.refuseLargest();
    this.end(CLOSE_REASONS[code] ?? "lost");
  }

  // The server does not say which frame it was, and sending it again would close every new connection too.
  private refuseLargest(): void {
    const [largest] = this.unreceived().sort((a, b) => b.text.length - a.text.length);
    if (!largest) return;
    this.owner.handleFrame({ type: "error", code: "too_long", message: "", client_id: largest.client_id }, false);
  }

  private unreceived(): ClientFrame[] {
    return this.owner.waiting().filter((frame) => this.sent.has(frame.client_id));
  }

  private watchReceipts(): void {
    this.cancelWatch();
    if (this.unreceived().length > 0) this.watch(RECEIPT_WITHIN);
  }

  private watch(delay: number): void {
    this.cancelWatch = this.ports.setTimer(() => this.end("lost"), delay);
  }

  protected release(): void {
    this.cancelWatch();
    if (this.socket === null) return;
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    this.socket.close();
    this.socket = null;
  }
}
