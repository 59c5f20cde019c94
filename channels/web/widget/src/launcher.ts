/** The round button that opens the chat, with its count of unread messages. */

import { el, icon, ICONS, setAttributes } from "./dom";
import { describeUnread, WORDS } from "./words";

export class Launcher {
  readonly node = el("button", { type: "button", class: "launcher", "data-testid": "launcher", "aria-haspopup": "dialog" });
  private readonly badge = el("span", { class: "badge", "data-testid": "badge", "aria-hidden": "true", hidden: true });

  constructor(toggle: () => void) {
    this.node.append(icon(ICONS.chat), icon(ICONS.down), this.badge);
    this.node.addEventListener("click", toggle);
    this.update(false, 0);
  }

  update(open: boolean, unread: number): void {
    this.badge.hidden = unread === 0;
    this.badge.textContent = unread > 99 ? "99+" : String(unread);
    setAttributes(this.node, { "aria-expanded": String(open), "aria-label": open ? WORDS.close : describeUnread(unread) });
  }
}
