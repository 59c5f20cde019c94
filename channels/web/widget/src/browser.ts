/** The browser behind the ports: network, timers, storage, ids. Nothing here runs before the chat is opened. */

import type { Ports, SocketLike } from "./line";

export const BROWSER_PORTS: Ports = {
  fetch: (url, init) => fetch(url, init),
  openSocket: (url) => new WebSocket(url) as SocketLike,
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

/** A random UUID; `randomUUID` itself is missing on pages without https. */
export function makeId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}
