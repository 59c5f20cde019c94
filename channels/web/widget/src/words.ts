/** Every text the widget itself shows or speaks. Data only. */

import type { Author, InputKind } from "./protocol";

export const WORDS = {
  title: "Chat with us",
  assistant: "Automated assistant",
  notice: "You are chatting with an automated assistant. Messages are stored to answer you.",
  open: "Open chat",
  close: "Close chat",
  log: "Conversation",
  input: "Your message",
  send: "Send message",
  choices: "Suggested answers",
  cards: "Suggestions",
  answer: "Your answer",
  answerWithThis: "OK",
  chooseFile: "Choose a file",
  newest: "Newest messages",
  readMore: "Read more:",
  newTab: "(opens in a new tab)",
  sending: "Sending…",
  queued: "Will be sent when the connection is back",
  notSent: "Not sent",
  retry: "retry",
  connecting: "Connecting…",
  reconnecting: "Reconnecting…",
  offline: "You are offline. Messages will be sent when the connection is back.",
  refused: "The chat is not available on this page.",
  tooLong: "This message is too long. Please shorten it or send it in parts.",
  tooFast: "That was a lot at once. Please wait a moment.",
  failed: "Something went wrong.",
  today: "Today",
  yesterday: "Yesterday",
} as const;

export const AUTHOR_LABELS: Record<Author, string> = {
  visitor: "You",
  bot: "Automated assistant",
  person: "Team member",
  follow_up: "Automated follow-up",
};

const PICK = "Pick an answer or write…";

/** The text field's hint by what is asked; `none` for everything else. */
export const PLACEHOLDERS: Partial<Record<InputKind, string>> & { readonly none: string } = {
  none: "Write a message…",
  choice: PICK,
  consent: PICK,
  rating: PICK,
  email: "name@company.com",
  phone: "+1 555 010 0199",
};

export function describeUnread(count: number): string {
  return count === 0 ? WORDS.open : `${WORDS.open}, ${count} unread ${count === 1 ? "message" : "messages"}`;
}

export function describeSize(megabytes: unknown): string {
  return `This file is larger than ${megabytes} MB.`;
}

/** The words for an error code; the server's own words where the widget has none. */
export function describeError(code: string, message: string): string {
  if (code === "too_long") return WORDS.tooLong;
  if (code === "too_fast") return WORDS.tooFast;
  return message || WORDS.failed;
}
