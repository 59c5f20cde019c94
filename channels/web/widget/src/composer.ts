/** The text field with its counter and send button. It must not know the connection. */

import { el, icon, ICONS, setAttributes } from "./dom";
import { cleanText, describeLength, isTooLong } from "./limits";
import type { InputKind } from "./protocol";
import { PLACEHOLDERS, WORDS } from "./words";

/** The keyboard, and what the browser may fill in: both go by the same names. */
const KINDS: Partial<Record<InputKind, string>> = { email: "email", phone: "tel" };

export class Composer {
  readonly node = el("form", { class: "composer", novalidate: true });
  private readonly input = el("textarea", {
    "data-testid": "input",
    "aria-label": WORDS.input,
    "aria-describedby": "notice counter",
    rows: "1",
    dir: "auto",
    enterkeyhint: "send",
    placeholder: PLACEHOLDERS.none,
  });
  private readonly button = el("button", { type: "submit", class: "send", "data-testid": "send", "aria-label": WORDS.send });
  private readonly counter = el("div", { class: "counter", id: "counter", "data-testid": "counter", hidden: true });
  private readonly warning = el("div", { class: "spoken", role: "alert" });

  constructor(private readonly submit: (text: string) => void) {
    this.button.append(icon(ICONS.send));
    this.node.append(this.input, this.button, this.counter, this.warning);
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.input.addEventListener("keydown", (event) => this.handleKey(event));
    this.input.addEventListener("input", () => this.measure());
    this.measure();
  }

  focus(): void {
    this.input.focus();
  }

  /** Tells keyboard and autofill what the open question asks for. */
  ask(kind: InputKind | null): void {
    const inputmode = kind && KINDS[kind];
    const how = { inputmode, autocomplete: inputmode ?? "off", autocapitalize: inputmode && "off" };
    setAttributes(this.input, { ...how, placeholder: PLACEHOLDERS[kind ?? "none"] ?? PLACEHOLDERS.none });
  }

  disable(): void {
    this.input.disabled = true;
    this.button.disabled = true;
  }

  private send(): void {
    const text = cleanText(this.input.value);
    if (text === "" || isTooLong(text)) return;
    this.input.value = "";
    this.measure();
    this.submit(text);
  }

  // While an input method composes a word (Japanese, Chinese, Korean), Enter picks it and must not send.
  private handleKey(event: KeyboardEvent): void {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.send();
  }

  private measure(): void {
    const [text, length] = [this.input.value, describeLength(this.input.value)];
    const tooLong = isTooLong(text);
    this.counter.hidden = length === null && !tooLong;
    this.counter.textContent = length ?? "";
    setAttributes(this.counter, { "data-over": tooLong });
    setAttributes(this.input, { "aria-invalid": tooLong ? "true" : null });
    const warning = tooLong ? WORDS.tooLong : "";
    if (this.warning.textContent !== warning) this.warning.textContent = warning;
    setAttributes(this.button, { "aria-disabled": cleanText(text) === "" || tooLong ? "true" : null });
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight}px`;
  }
}
