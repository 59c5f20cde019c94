/**
 * Does the work that is asked for before a phone number left in the chat is texted or called. Loaded only then.
 *
 * The hash is the browser's own and is not done on the page's thread, so the page stays as quick as it was.
 */

const TRIES = 3;
const LATER = 60_000; // milliseconds
const TELL_AGAIN = 5_000; // milliseconds

/** `tell` shows a line to the visitor, for some seconds. Resolves when there is nothing more to do here. */
export async function work(token, tell) {
  const url = new URL("number-work", import.meta.url).href;
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  for (let tries = 0; tries < TRIES && globalThis.crypto?.subtle; tries += 1) {
    const asked = await ask(url, { headers });
    if (asked === null || asked.status === 429 || asked.status >= 500) {
      await new Promise((resolve) => setTimeout(resolve, LATER));
      continue;
    }
    if (asked.status !== 200) return;
    const { task, salt, rounds, bits, words } = await asked.json();
    tell(words);
    const telling = setInterval(() => tell(words), TELL_AGAIN);
    const answer = await solve(salt, rounds, bits).finally(() => clearInterval(telling));
    const taken = await ask(url, { method: "POST", headers, body: JSON.stringify({ task, answer }) });
    if (taken?.status === 204) return;
  }
}

async function solve(salt, rounds, bits) {
  const bytes = Uint8Array.from(salt.match(/../g), (pair) => parseInt(pair, 16));
  const how = { name: "PBKDF2", hash: "SHA-256", salt: bytes, iterations: rounds };
  for (let answer = 0; ; answer += 1) {
    const password = new TextEncoder().encode(String(answer));
    const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    const hash = new DataView(await crypto.subtle.deriveBits(how, key, 32));
    if (hash.getUint32(0) >>> (32 - bits) === 0) return answer;
  }
}

async function ask(url, request) {
  try {
    return await fetch(url, { ...request, credentials: "omit", cache: "no-store" });
  } catch {
    return null;
  }
}
