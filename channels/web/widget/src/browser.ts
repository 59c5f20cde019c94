/** The browser behind the ports: network, timers, storage, ids. Nothing here runs before the chat is opened. */

import type { Ports, SocketLike } from "./line";
import { readReply } from "./requests";

const UPLOAD_WITHIN = 300_000; // milliseconds

export const BROWSER_PORTS: Ports = {
  fetch: (url, init) => fetch(url, init),
  openSocket: (url) => new WebSocket(url) as SocketLike,
  // fetch does not tell how far an upload is.
  upload: (url, headers, file, handleProgress) =>
    new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.open("POST", url);
      request.timeout = UPLOAD_WITHIN;
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.upload.onprogress = ({ loaded, total }) => handleProgress(loaded / total);
      request.onloadend = () => resolve(readReply(request.status, request.responseText));
      const body = new FormData();
      body.append("file", file);
      request.send(body);
    }),
  setTimer: (callback, delay) => {
    const timer = setTimeout(callback, delay);
    return () => clearTimeout(timer);
  },
  now: () => performance.now(),
  random: () => Math.random(),
};

/** What the server is told about the page; the fragment stays here, it may hold anything. */
export function describePage(): Record<string, string> {
  return {
    page_url: location.origin + location.pathname + location.search,
    language: document.documentElement.lang || navigator.language,
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
}

/** The code of a link that goes on with a talk from elsewhere. It works once, so it is taken out of the address. */
export function takeResumeCode(): string | null {
  const url = new URL(location.href);
  const code = url.searchParams.get("resume");
  url.searchParams.delete("resume");
  if (code) history.replaceState(history.state, "", url);
  return code;
}

/** A random UUID of version 4; `randomUUID` itself is missing on pages without https. */
export function makeId(): string {
  const digits = crypto.getRandomValues(new Uint8Array(30));
  let next = 0;
  return "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, () => ((digits[next++] ?? 0) & 15).toString(16));
}
