/** Draws one message and keeps it up to date. It must not know the order or the connection. */

import type { Entry } from "./conversation";
import { drawField, type FieldActions } from "./answer_fields";
import { drawCards, drawMedia, drawSource, outwardLink } from "./attachments";
import { el, setAttributes } from "./dom";
import { splitLinks } from "./links";
import type { Choice, ClientFrame, Message } from "./protocol";
import { formatTime } from "./times";
import { AUTHOR_LABELS, WORDS } from "./words";

export interface RowActions extends FieldActions {
  choose(message: Message, choice: Choice, button: HTMLElement): void;
  retry(client_id: string): void;
}

export class MessageRow {
  readonly node: HTMLElement;
  private readonly heading = el("div", { class: "heading" });
  private readonly delivery = el("div", { class: "delivery" });
  private delivered = "";
  private answered = "";

  constructor(
    entry: Entry,
    private readonly actions: RowActions,
  ) {
    const { author, text, notice } = describe(entry);
    const bubble = el("div", { class: "bubble", dir: "auto" });
    bubble.append(...(author === "visitor" ? [text] : linkText(text)));
    this.node = el("div", { class: "message", "data-testid": "message", "data-author": author, "data-notice": notice });
    this.node.append(this.heading, bubble);
    if (entry.message) this.drawParts(entry.message, bubble);
    this.node.append(this.delivery);
  }

  /** `leads` is whether this message begins a group and shows who wrote it and when. */
  update(entry: Entry, leads: boolean, connected: boolean): void {
    const { author, at } = describe(entry);
    const seq = entry.message ? String(entry.message.seq) : null;
    setAttributes(this.node, { "data-seq": seq, "data-leads": leads });
    this.drawHeading(AUTHOR_LABELS[author], at);
    if (this.answered !== (this.answered = `${entry.open} ${entry.answer}`)) this.drawAnswer(entry);
    this.drawDelivery(entry, connected);
  }

  private drawHeading(label: string, at: string): void {
    const time = formatTime(at);
    if (this.heading.textContent === `${label} ${time}`) return;
    this.heading.replaceChildren(el("span", {}, label), " ", el("time", { datetime: at }, time));
  }

  private drawAnswer({ open, answer }: Entry): void {
    for (const control of this.node.querySelectorAll<HTMLInputElement | HTMLButtonElement>("input, .choice:not(a)")) {
      const chosen = !open && answer === control.textContent;
      control.disabled = !open;
      setAttributes(control, { "data-chosen": chosen, "aria-checked": control.getAttribute("role") && String(chosen) });
    }
  }

  private drawParts(message: Message, bubble: HTMLElement): void {
    if (message.source) bubble.append(drawSource(message.source));
    if (message.media) this.node.append(drawMedia(message.media));
    if (message.cards.length > 0) this.node.append(drawCards(message.cards));
    const choices = message.input === "rating" ? listRatings(message) : message.choices;
    if (choices.length > 0) this.node.append(this.drawChoices(message, choices));
    this.node.append(drawField(message, this.actions));
  }

  private drawChoices(message: Message, choices: readonly Choice[]): HTMLElement {
    const rates = message.input === "rating";
    const labels = { role: rates ? "radiogroup" : "group", "aria-label": WORDS.choices };
    const group = el("div", { class: "choices", "data-input": message.input, ...labels });
    choices.forEach((choice, index) => {
      const attributes = { type: "button", class: "choice", "data-testid": "choice", "data-value": choice.value };
      const radio = rates && { role: "radio", tabindex: index > 0 ? "-1" : null };
      const button = el("button", { ...attributes, dir: "auto", ...radio }, choice.label);
      button.addEventListener("click", () => this.actions.choose(message, choice, button));
      group.append(button);
    });
    if (!rates) return group;
    letArrowsMove(group);
    const ends = [message.limits.low_label, message.limits.high_label].map((label) => el("span", {}, String(label ?? "")));
    return el("div", { class: "rating" }, group, el("div", { class: "ends" }, ...ends));
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

function listRatings({ limits }: Message): Choice[] {
  const ratings: Choice[] = [];
  for (let each = Number(limits.lowest); each <= Number(limits.highest); each += 1)
    ratings.push({ value: String(each), label: String(each) });
  return ratings;
}

// Arrows go from one rating to the next without choosing it: choosing sends it.
function letArrowsMove(group: HTMLElement): void {
  group.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...group.children] as HTMLElement[];
    all.at((all.indexOf(event.target as HTMLElement) + step) % all.length)?.focus();
  });
}
