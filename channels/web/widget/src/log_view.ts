/** The list of messages: rows kept by key, day lines, scrolling, typing dots. It must not change the conversation. */

import type { Entry } from "./conversation";
import { el, icon, ICONS, setAttributes } from "./dom";
import { MessageRow, type RowActions } from "./message_row";
import { formatDay, isSameMoment } from "./times";
import { WORDS } from "./words";

const NEAR_END = 80; // pixels from the end within which a new message is followed

export class LogView {
  readonly node = el("div", { class: "log-area" });
  private readonly log = el("div", {
    class: "log",
    role: "log",
    "aria-live": "polite",
    "aria-label": WORDS.log,
    "aria-busy": "true",
    "data-testid": "log",
    tabindex: "0",
  });
  // Hidden from screen readers: hearing of typing before every answer tires more than it tells.
  private readonly typing = el("div", { class: "typing", "data-testid": "typing", "aria-hidden": "true", hidden: true });
  private readonly jump = el("button", { type: "button", class: "jump", hidden: true }, WORDS.newest, icon(ICONS.down));
  private readonly rows = new Map<string, MessageRow>();
  private readonly days = new Map<string, HTMLElement>();
  /** Whether the visitor reads the end, so that new messages are followed. */
  private following = true;

  constructor(private readonly actions: RowActions) {
    this.typing.append(el("i"), el("i"), el("i"));
    this.log.append(this.typing);
    this.node.append(this.log, this.jump);
    this.jump.addEventListener("click", () => {
      this.focus();
      this.scrollToEnd();
    });
    this.log.addEventListener("scroll", () => this.handleScroll(), { passive: true });
    // A picture takes its room only when it has come; such an event does not bubble.
    this.log.addEventListener("load", () => this.following && this.scrollToEnd(), true);
    // A growing text field or state line takes height away from the list.
    new ResizeObserver(() => this.following && this.scrollToEnd()).observe(this.log);
  }

  focus(): void {
    this.log.focus({ preventScroll: true });
  }

  /** Until the first replay is in, screen readers are not read the whole history. */
  handleReady(): void {
    setAttributes(this.log, { "aria-busy": null });
  }

  showTyping(on: boolean): void {
    if (this.typing.hidden === !on) return;
    this.typing.hidden = !on;
    if (this.following) this.scrollToEnd();
  }

  scrollToEnd(): void {
    this.following = true;
    this.log.scrollTop = this.log.scrollHeight;
    this.jump.hidden = true;
  }

  render(entries: readonly Entry[], connected: boolean): void {
    const [known, ownNews] = [this.rows.size, entries.some((entry) => entry.unsent && !this.rows.has(entry.key))];
    const wanted: Node[] = [];
    entries.forEach((entry, index) => {
      const [at, before] = [timeOf(entry), entries[index - 1]];
      const day = formatDay(at, new Date());
      const newDay = before === undefined || formatDay(timeOf(before), new Date()) !== day;
      if (newDay && day !== "") wanted.push(this.dayLine(day));
      const leads = newDay || authorOf(before) !== authorOf(entry) || !isSameMoment(timeOf(before), at);
      const row = this.rows.get(entry.key) ?? new MessageRow(entry, this.actions);
      this.rows.set(entry.key, row);
      row.update(entry, leads, connected);
      wanted.push(row.node);
    });
    this.arrange(entries, wanted);
    if (this.following || ownNews) this.scrollToEnd();
    else if (this.rows.size > known) this.jump.hidden = false;
  }

  // Only what is out of place is moved: moving a node takes its focus away and makes screen readers read it again.
  private arrange(entries: readonly Entry[], wanted: readonly Node[]): void {
    const keys = new Set(entries.map((entry) => entry.key));
    for (const key of this.rows.keys()) if (!keys.has(key)) this.rows.delete(key);
    const keep = new Set(wanted);
    for (const node of [...this.log.children]) if (!keep.has(node) && node !== this.typing) node.remove();
    wanted.forEach((node, index) => {
      if (this.log.children[index] !== node) this.log.insertBefore(node, this.log.children[index] ?? null);
    });
  }

  private dayLine(day: string): HTMLElement {
    const line = this.days.get(day) ?? el("div", { class: "day" }, day);
    this.days.set(day, line);
    return line;
  }

  private handleScroll(): void {
    this.following = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_END;
    if (this.following) this.jump.hidden = true;
  }
}

function timeOf(entry: Entry): string {
  return entry.message?.at ?? entry.unsent?.written_at ?? "";
}

function authorOf(entry: Entry | undefined): string | undefined {
  return entry && (entry.message?.author ?? "visitor");
}
