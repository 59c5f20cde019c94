/** One HTTP request with a time limit, as status and parsed body. It must never throw. */

import type { Ports } from "./line";
import { parseJSON } from "./protocol";

export interface Reply {
  /** 0 when there was no answer at all. */
  readonly status: number;
  readonly text: string;
  /** What a problem document says about itself. */
  readonly code: string;
  readonly detail: string;
}

interface Ask {
  readonly method: "GET" | "POST";
  readonly token: string | null;
  readonly body: unknown;
  readonly within: number; // milliseconds
  readonly stopped: AbortSignal | null;
}

export async function askServer(ports: Ports, url: string, ask: Ask): Promise<Reply> {
  const limit = new AbortController();
  const abort = (): void => limit.abort();
  const cancelTimer = ports.setTimer(abort, ask.within);
  ask.stopped?.addEventListener("abort", abort);
  if (ask.stopped?.aborted) abort();
  try {
    const response = await ports.fetch(url, { ...describeRequest(ask), signal: limit.signal });
    return readReply(response.status, await response.text());
  } catch {
    return readReply(0, "");
  } finally {
    cancelTimer();
    ask.stopped?.removeEventListener("abort", abort);
  }
}

function describeRequest(ask: Ask): RequestInit {
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  if (ask.token !== null) headers["Authorization"] = `Bearer ${ask.token}`;
  const body = ask.body === null ? null : JSON.stringify(ask.body);
  return { method: ask.method, headers, credentials: "omit", cache: "no-store", body };
}

export function readReply(status: number, text: string): Reply {
  const problem = status >= 400 ? parseJSON(text) : null;
  const code = typeof problem?.code === "string" ? problem.code : status === 429 ? "too_fast" : "refused";
  return { status, text, code, detail: typeof problem?.detail === "string" ? problem.detail : "" };
}
