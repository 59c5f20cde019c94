/** The chat window: header, messages, notice, state line, text field. It must not know the connection. */

import { Composer } from "./composer";
import type { Conversation } from "./conversation";
import { el, icon, ICONS } from "./dom";
import { LogView } from "./log_view";
import type { RowActions } from "./message_row";
import { WORDS } from "./words";

export interface PanelActions extends RowActions {
  close(): void;
  write(text: string): void;
}

export class Panel {
  readonly node = el("dialog", { class: "panel", "data-testid": "panel", "aria-labelledby": "title", tabindex: "-1" });
  readonly log: LogView;
  readonly composer: Composer;
  private readonly status = el("div", { class: "status", role: "status", "data-testid": "status" });
  private readonly notice = el("p", { class: "notice", id: "notice", "data-testid": "notice" });

  constructor(title: string, notice: string, actions: PanelActions) {
    this.log = new LogView(actions);
    this.composer = new Composer((text) => actions.write(text));
    const close = el("button", { type: "button", class: "close", "data-testid": "close", "aria-label": WORDS.close });
    close.append(icon(ICONS.close));
    close.addEventListener("click", () => actions.close());
    const name = el("div", { class: "name" }, el("h2", { id: "title", dir: "auto" }, title));
    name.append(el("p", { class: "assistant", "data-testid": "disclosure" }, WORDS.assistant));
    this.notice.append(icon(ICONS.info), el("span", { dir: "auto" }, notice));
    const header = el("div", { class: "header" }, el("span", { class: "avatar" }, icon(ICONS.spark)), name, close);
    this.node.append(header, this.log.node, this.status, this.notice, this.composer.node);
  }

  render(chat: Conversation, connected: boolean): void {
    this.log.render(chat.entries(), connected);
    this.composer.ask(chat.asked);
    this.notice.hidden = chat.hasVisitorWritten;
  }

  showStatus(text: string): void {
    if (this.status.textContent !== text) this.status.textContent = text;
  }
}
