/** The web chat's wire format (docs/reference/protocols.md, section 3): types and parsing. It must not do I/O. */

export const MAX_TEXT = 4_000; // characters (code points, as the server counts)
export const MAX_FRAME = 16_000; // bytes

export type Author = "visitor" | "bot" | "person" | "follow_up";
export type InputKind = "choice" | "text" | "email" | "phone" | "consent" | "number" | "date" | "rating" | "file";

export interface Choice {
  readonly value: string;
  readonly label: string;
}

export interface Source {
  readonly title: string;
  readonly link: string | null;
}

export interface Media {
  readonly kind: string | null;
  readonly url: string | null;
  readonly alt: string;
}

export interface Card {
  readonly title: string | null;
  readonly text: string | null;
  readonly image: string | null;
  readonly link: string | null;
  readonly button: string | null;
}

/** What an answer may be; bounds that do not apply are not there. */
export type Limits = Readonly<Record<string, unknown>>;

export interface Message {
  readonly seq: number;
  readonly author: Author;
  readonly text: string;
  readonly choices: readonly Choice[];
  readonly input: InputKind | null;
  readonly step: string | null;
  readonly notice: string | null;
  readonly source: Source | null;
  readonly media: Media | null;
  readonly cards: readonly Card[];
  readonly limits: Limits;
  readonly client_id: string | null;
  readonly at: string;
}

export interface TextFrame {
  readonly type: "message";
  readonly client_id: string;
  readonly text: string;
}

export interface ChoiceFrame {
  readonly type: "choice";
  readonly client_id: string;
  readonly step: string;
  readonly value: string;
  readonly text: string;
}

export type ClientFrame = TextFrame | ChoiceFrame;

export type ServerFrame =
  | { readonly type: "messages"; readonly messages: readonly Message[] }
  | { readonly type: "received"; readonly client_id: string; readonly seq: number }
  | { readonly type: "typing"; readonly on: boolean }
  | { readonly type: "error"; readonly code: string; readonly message: string; readonly client_id: string | null };

type Fields = Record<string, unknown>;

const AUTHORS: readonly string[] = ["visitor", "bot", "person", "follow_up"];

export function parseJSON(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : null;
  } catch {
    return null;
  }
}

/** Reads one server frame; null for anything this version of the widget does not know. */
export function parseFrame(text: string): ServerFrame | null {
  const raw = parseJSON(text);
  switch (raw?.type) {
    case "messages":
      return { type: "messages", messages: parseMessages(raw.messages) };
    case "received":
      return parseReceived(raw);
    case "typing":
      return { type: "typing", on: raw.on === true };
    case "error":
      return {
        type: "error",
        code: textOf(raw.code) ?? "unknown",
        message: textOf(raw.message) ?? "",
        client_id: textOf(raw.client_id),
      };
    default:
      return null;
  }
}

export function parseMessages(value: unknown): readonly Message[] {
  return listOf(value, parseMessage);
}

function parseReceived(raw: Fields): ServerFrame | null {
  const client_id = textOf(raw.client_id);
  const seq = seqOf(raw.seq);
  return client_id !== null && seq !== null ? { type: "received", client_id, seq } : null;
}

function parseMessage(value: unknown): Message | null {
  if (!isFields(value)) return null;
  const seq = seqOf(value.seq);
  if (seq === null) return null;
  return {
    seq,
    // An author this version does not know is shown in the plainest way rather than lost.
    author: AUTHORS.includes(value.author as string) ? (value.author as Author) : "bot",
    text: textOf(value.text) ?? "",
    choices: listOf(value.choices, parseChoice),
    input: textOf(value.input) as InputKind | null,
    step: textOf(value.step),
    notice: textOf(value.notice),
    source: parseSource(value.source),
    media: parseMedia(value.media),
    cards: listOf(value.cards, parseCard),
    limits: isFields(value.limits) ? value.limits : {},
    client_id: textOf(value.client_id),
    at: textOf(value.at) ?? "",
  };
}

function parseChoice(value: unknown): Choice | null {
  if (!isFields(value)) return null;
  const name = textOf(value.value);
  return name === null ? null : { value: name, label: textOf(value.label) ?? name };
}

function parseSource(value: unknown): Source | null {
  if (!isFields(value)) return null;
  const title = textOf(value.title);
  const link = textOf(value.link);
  return title === null && link === null ? null : { title: title ?? link ?? "", link };
}

function parseMedia(value: unknown): Media | null {
  return isFields(value) ? { kind: textOf(value.kind), url: textOf(value.url), alt: textOf(value.alt) ?? "" } : null;
}

function parseCard(value: unknown): Card | null {
  if (!isFields(value)) return null;
  const [title, text, image, link, button] = ["title", "text", "image", "link", "button"].map((name) => textOf(value[name]));
  return { title, text, image, link, button } as Card;
}

function listOf<T>(value: unknown, parse: (item: unknown) => T | null): T[] {
  if (!Array.isArray(value)) return [];
  return value.map(parse).filter((item): item is T & {} => item !== null);
}

function seqOf(value: unknown): number | null {
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : null;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
