/** What the browser keeps for the visitor: the session token and unacknowledged messages. It must never throw. */

import type { Unsent } from "./conversation";
import { parseJSON, type ClientFrame } from "./protocol";

interface Kept {
  token?: string;
  conversation_id?: string;
  unsent: Pick<Unsent, "frame" | "written_at">[];
}

export class Memory {
  private latest: Kept = { unsent: [] };

  /** `findStore` is called at each use: reading `localStorage` alone throws where storage is blocked. */
  constructor(
    private readonly key: string,
    private readonly findStore: () => Pick<Storage, "getItem" | "setItem">,
  ) {}

  get token(): string | null {
    return this.read().token ?? null;
  }

  get unsent(): readonly Pick<Unsent, "frame" | "written_at">[] {
    return this.read().unsent;
  }

  /** Returns whether this is another conversation than before; a tap then means nothing any more and is dropped. */
  remember(token: string, conversation_id: string): boolean {
    const kept = this.read();
    const moved = kept.conversation_id !== undefined && kept.conversation_id !== conversation_id;
    const unsent = moved ? kept.unsent.filter((item) => item.frame.type === "message") : kept.unsent;
    this.write({ token, conversation_id, unsent });
    return moved;
  }

  keep(frame: ClientFrame, written_at: string): void {
    const kept = this.read();
    this.write({ ...kept, unsent: [...kept.unsent, { frame, written_at }] });
  }

  drop(client_ids: readonly string[]): void {
    if (client_ids.length === 0) return;
    const kept = this.read();
    this.write({ ...kept, unsent: kept.unsent.filter((item) => !client_ids.includes(item.frame.client_id)) });
  }

  // Read before every write: another tab of the same visitor shares the store.
  private read(): Kept {
    try {
      const raw = parseJSON(this.findStore().getItem(this.key) ?? "");
      return raw === null ? this.latest : { ...(raw as Partial<Kept>), unsent: readUnsent(raw.unsent) };
    } catch {
      return this.latest;
    }
  }

  private write(kept: Kept): void {
    this.latest = kept;
    try {
      this.findStore().setItem(this.key, JSON.stringify(kept));
    } catch {
      // Storage is full or blocked: the chat works on for the life of this page.
    }
  }
}

function readUnsent(value: unknown): Kept["unsent"] {
  if (!Array.isArray(value)) return [];
  return value.filter((item) => typeof item?.frame?.client_id === "string" && typeof item.frame.text === "string");
}
