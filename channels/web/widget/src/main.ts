/** The loader: reads its own script tag, adds the element and offers `window.Parley`. */

import { ParleyChat } from "./element";

const NAME = "parley-chat";
const SETTINGS = ["title", "color", "notice"] as const;

interface Parley {
  open(): void;
  close(): void;
  /** Takes the chat off the page and ends its connection. */
  destroy(): void;
}

declare global {
  interface Window {
    Parley?: Parley;
  }
}

const script = document.currentScript;

function addChat(): void {
  const chat = document.createElement(NAME) as ParleyChat;
  if (script instanceof HTMLScriptElement) {
    for (const name of SETTINGS) if (script.dataset[name]) chat.dataset[name] = script.dataset[name];
    chat.dataset.server = new URL(script.src).origin;
  }
  document.body.append(chat);
  window.Parley = {
    open: () => chat.open(),
    close: () => chat.close(),
    destroy: () => {
      chat.destroy();
      delete window.Parley;
    },
  };
  // Whoever followed such a link asked for the chat.
  if (new URLSearchParams(location.search).has("resume")) chat.open();
}

// A page that includes the script twice still gets one chat.
if (!window.Parley) {
  if (!customElements.get(NAME)) customElements.define(NAME, ParleyChat);
  if (document.body) addChat();
  else document.addEventListener("DOMContentLoaded", addChat, { once: true });
}
