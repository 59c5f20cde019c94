/** Draws one message and keeps it up to date. It must not know the order or the connection. */

import type { Entry } from "./conversation";
import { el, icon, ICONS, setAttributes } from "./dom";
import { checkAddress, splitLinks } from "./links";
import type { Choice, ClientFrame, Message, Source } from "./protocol";
import { formatTime } from "./times";
import { AUTHOR_LABELS, WORDS } from "./words";

export interface RowActions {
  choose(message: Message, choice: Choice, button: HTMLElement): void;
  retry(client_id: string): void;
}

export class MessageRow {
  readonly node: HTMLElement;
  private readonly heading = el("div", { class: "heading" });
  private readonly delivery = el("div", { class: "delivery" });
  private readonly buttons: [Choice, HTMLButtonElement][] = [];
  private delivered = "";

  constructor(
    entry: Entry,
    private readonly actions: RowActions,
  ) {
    const { author, text, notice } = describe(entry);
    const bubble = el("div", { class: "bubble", dir: "auto" });
    bubble.append(...(author === "visitor" ? [text] : linkText(text)));
    this.node = el("div", { class: "message", "data-testid": "message", "data-author": author, "data-notice": notice });
    this.node.append(this.heading, bubble);
    if (entry.message?.source) bubble.append(sourceLine(entry.message.source));
    if (entry.message && entry.message.choices.length > 0) this.node.append(this.drawChoices(entry.message));
    this.node.append(this.delivery);
  }

  /** `leads` is whether this message begins a group and shows who wrote it and when. */
  update(entry: Entry, leads: boolean, connected: boolean): void {
    const { author, at } = describe(entry);
    const seq = entry.message ? String(entry.message.seq) : null;
    setAttributes(this.node, { "data-seq": seq, "data-leads": leads });
    this.drawHeading(AUTHOR_LABELS[author], at);
    for (const [{ label }, button] of this.buttons) {
      button.disabled = !entry.open;
      setAttributes(button, { "data-chosen": !entry.open && entry.answer === label });
    }
    this.drawDelivery(entry, connected);
  }

  private drawHeading(label: string, at: string): void {
    const time = formatTime(at);
    if (this.heading.textContent === `${label} ${time}`) return;
    this.heading.replaceChildren(el("span", {}, label), " ", el("time", { datetime: at }, time));
  }

  private drawChoices(message: Message): HTMLElement {
    const labels = { role: "group", "aria-label": WORDS.choices };
    const group = el("div", { class: "choices", "data-input": message.input, ...labels });
    for (const choice of message.choices) {
      const attributes = { type: "button", class: "choice", "data-testid": "choice", "data-value": choice.value };
      const button = el("button", { ...attributes, dir: "auto" }, choice.label);
      button.addEventListener("click", () => this.actions.choose(message, choice, button));
      this.buttons.push([choice, button]);
      group.append(button);
    }
    return group;
  }

  private drawDelivery(entry: Entry, connected: boolean): void {
    const failure = entry.unsent?.failure ?? null;
    const wait = entry.unsent ? (connected ? WORDS.sending : WORDS.queued) : "";
    const state = failure === null ? wait : `${WORDS.notSent} ${failure}`;
    if (state === this.delivered) return;
    this.delivered = state;
    setAttributes(this.node, { "data-state": failure !== null ? "failed" : entry.unsent ? "waiting" : null });
    if (failure === null || !entry.unsent) this.delivery.replaceChildren(wait);
    else {
      const offer = el("span", {}, `${WORDS.notSent} – `, this.retryButton(entry.unsent.frame));
      this.delivery.replaceChildren(`${failure} `, offer);
    }
  }

  private retryButton(frame: ClientFrame): HTMLElement {
    const button = el("button", { type: "button", class: "retry", "data-testid": "retry" }, WORDS.retry);
    button.addEventListener("click", () => this.actions.retry(frame.client_id));
    return button;
  }
}

function describe(entry: Entry): Pick<Message, "author" | "text" | "notice" | "at"> {
  if (entry.message) return entry.message;
  const { frame, written_at: at } = entry.unsent ?? { frame: { text: "" }, written_at: "" };
  return { author: "visitor", text: frame.text, notice: null, at };
}

function linkText(text: string): (Node | string)[] {
  return splitLinks(text).map((piece) => (piece.href === null ? piece.text : outwardLink(piece.href, piece.text, {})));
}

function sourceLine(source: Source): HTMLElement {
  const href = checkAddress(source.link);
  if (href === null) return el("div", { class: "source", "data-testid": "source" }, source.title);
  const link = outwardLink(href, source.title, { "data-testid": "source" });
  link.append(icon(ICONS.out));
  return el("div", { class: "source" }, `${WORDS.readMore} `, link);
}

function outwardLink(href: string, text: string, attributes: Record<string, string>): HTMLElement {
  const hint = el("span", { class: "spoken" }, ` ${WORDS.newTab}`);
  return el("a", { href, rel: "noopener noreferrer", target: "_blank", ...attributes }, text, hint);
}
