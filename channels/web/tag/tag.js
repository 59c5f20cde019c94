/**
 * Parley's tag: tells the site's own Parley which pages a visitor looks at and what else the page says they did.
 *
 *   <script src="https://chat.example.com/tag.js" defer></script>
 *   ParleyTag.track("product_viewed", { product: "P-1", price: 12, currency: "EUR" });
 *
 * It sets no cookie and stores nothing. It knows a visitor by the session of the chat alone: who never opened the chat
 * is not told of, nor is anybody whose browser sends the Global Privacy Control. Whether what it tells is kept is for
 * Parley to decide: only of people who agreed to being profiled.
 */
(() => {
  "use strict";
  const script = document.currentScript;
  if (window.ParleyTag || !(script instanceof HTMLScriptElement)) return;
  const server = new URL(script.src).origin;

  function readToken() {
    try {
      const kept = JSON.parse(localStorage.getItem(`parley:${server}`) || "null");
      return kept && typeof kept.token === "string" ? kept.token : null;
    } catch {
      return null;
    }
  }

  function track(kind, properties = {}) {
    const token = readToken();
    if (token === null || navigator.globalPrivacyControl) return;
    const id = crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random()}`;
    void fetch(`${server}/chat/events`, {
      method: "POST",
      keepalive: true,
      credentials: "omit",
      headers: { "Authorization": `Bearer ${token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ events: [{ id, kind, properties }] }),
    }).catch(() => undefined);
  }

  let shown = "";
  function page() {
    const url = location.origin + location.pathname;
    if (url === shown) return;
    const properties = { url, ...(document.title ? { title: document.title.slice(0, 500) } : {}) };
    shown = url;
    track("page_viewed", properties);
  }

  window.ParleyTag = Object.freeze({ track, page });
  window.addEventListener("popstate", page);
  page();
})();
