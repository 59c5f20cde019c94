/** What socket and long-poll share: serving from the first replay to one end. It must not know how frames travel. */

import type { Line, LineOwner, Ports } from "./line";
import type { Ending, Why } from "./plan";

export abstract class ServedLine implements Line {
  protected readyAt: number | null = null;
  protected end: (why: Why) => void = () => undefined;

  constructor(
    protected readonly ports: Ports,
    protected readonly owner: LineOwner,
    protected readonly url: string,
    protected readonly token: string,
  ) {}

  run(): Promise<Ending> {
    return new Promise((resolve) => {
      this.end = (why) => {
        this.end = () => undefined;
        this.release();
        resolve({ why, ready_for: this.readyAt === null ? 0 : Math.max(1, this.ports.now() - this.readyAt) });
      };
      this.begin();
    });
  }

  stop(): void {
    this.end("lost");
  }

  abstract flush(): void;
  protected abstract begin(): void;
  protected abstract release(): void;

  protected becomeReady(): void {
    if (this.readyAt !== null) return;
    this.readyAt = this.ports.now();
    this.owner.handleReady();
    this.flush();
  }
}
