/** Draws the field a question asks to be answered in: number, day, file. It must not know the connection. */

import { el } from "./dom";
import type { Message } from "./protocol";
import { describeSize, WORDS } from "./words";

export interface FieldActions {
  answer(text: string): void;
  /** Sends a file; resolves with what went wrong, or with nothing. */
  upload(file: File, handleProgress: (part: number) => void): Promise<string>;
}

const MEGABYTE = 1024 * 1024;

/** The field; an empty text where none is asked for. */
export function drawField({ input, limits }: Message, actions: FieldActions): HTMLElement | string {
  if (input === "file") return drawFile(limits, actions);
  return input === "number" || input === "date" ? drawValue(input, limits, actions) : "";
}

function drawValue(type: "number" | "date", limits: Message["limits"], actions: FieldActions): HTMLElement {
  const [min, max] = type === "date" ? [limits.earliest, limits.latest] : [limits.minimum, limits.maximum];
  const input = el("input", { type, min, max, step: "any", required: true, "aria-label": WORDS.answer, "data-testid": "field" });
  const button = el("button", { class: "choice" }, WORDS.answerWithThis);
  const form = el("form", { class: "field" }, input, button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    actions.answer(input.value);
  });
  return form;
}

function drawFile(limits: Message["limits"], actions: FieldActions): HTMLElement {
  const input = el("input", { type: "file", accept: limits.types, hidden: true, "data-testid": "file" });
  const button = el("button", { type: "button", class: "choice" }, WORDS.chooseFile);
  const progress = el("progress", { "aria-label": WORDS.sending, hidden: true });
  const problem = el("div", { class: "problem", role: "alert" });
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", async () => {
    const [file] = input.files ?? [];
    if (!file) return;
    // The server would break the upload off, and the browser would not tell why.
    problem.textContent = file.size > Number(limits.max_megabytes) * MEGABYTE ? describeSize(limits.max_megabytes) : "";
    if (problem.textContent) return;
    button.disabled = true;
    progress.hidden = false;
    problem.textContent = await actions.upload(file, (part) => (progress.value = part));
    progress.hidden = true;
    // What was taken closes the question by itself.
    button.disabled = problem.textContent === "";
    input.value = "";
  });
  return el("div", { class: "field" }, button, input, progress, problem);
}
