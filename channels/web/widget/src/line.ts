/** What a line to the server (socket or long-poll) offers and needs. Types only. */

import type { Ending } from "./plan";
import type { ClientFrame, ServerFrame } from "./protocol";
import type { Reply } from "./requests";

export interface Line {
  /** Serves until it ends; never rejects. */
  run(): Promise<Ending>;
  /** Sends what is waiting and was not sent on this line yet. */
  flush(): void;
  /** Says that the visitor types; only a line to which that costs no request of its own. */
  typing?(): void;
  stop(): void;
}

export interface LineOwner {
  readonly lastSeen: number;
  waiting(): ClientFrame[];
  /** `complete` marks messages that are everything the server had after `lastSeen`. */
  handleFrame(frame: ServerFrame, complete: boolean): void;
  handleReady(): void;
}

export interface SocketLike {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(text: string): void;
  close(): void;
}

/** The browser's part, handed in so that the lines run without one. */
export interface Ports {
  fetch(url: string, init: RequestInit): Promise<Response>;
  openSocket(url: string): SocketLike;
  /** Sends a file, telling which part of it (0 to 1) is through; never rejects. */
  upload(url: string, headers: Record<string, string>, file: File, handleProgress: (part: number) => void): Promise<Reply>;
  /** Calls back after `delay` milliseconds; the result cancels it. */
  setTimer(callback: () => void, delay: number): () => void;
  now(): number;
  random(): number;
}
