/** Draws what comes with a message: pictures, sound, files, cards, links. Only https is ever loaded. */

import { el, icon, ICONS } from "./dom";
import { checkAddress } from "./links";
import type { Card, Media, Source } from "./protocol";
import { WORDS } from "./words";

export function drawMedia({ kind, url, alt }: Media): HTMLElement {
  const src = checkSecure(url);
  if (src === null) return el("div", { class: "source" }, alt);
  if (kind === "image") return picture(src, alt, "media");
  if (kind === "video" || kind === "audio")
    return el(kind, { class: "media", src, controls: true, preload: "metadata", "aria-label": alt });
  return outwardLink(src, alt, { class: "choice" });
}

/** A list that scrolls sideways; focusable, so that it also does so by keyboard. */
export function drawCards(cards: readonly Card[]): HTMLElement {
  const list = el("ul", { class: "cards", "data-testid": "cards", tabindex: "0", "aria-label": WORDS.cards });
  for (const { title, text, image, link, button } of cards) {
    const [src, href, item] = [checkSecure(image), checkAddress(link), el("li", { dir: "auto" })];
    // The title says what it is; a picture read out before it would only be in the way.
    if (src !== null) item.append(picture(src, "", "cover"));
    item.append(el("b", {}, title ?? ""));
    if (text) item.append(el("p", {}, text));
    if (href !== null) item.append(outwardLink(href, button ?? title ?? href, { class: "choice" }));
    list.append(item);
  }
  return list;
}

export function drawSource(source: Source): HTMLElement {
  const href = checkAddress(source.link);
  if (href === null) return el("div", { class: "source", "data-testid": "source" }, source.title);
  const link = outwardLink(href, source.title, { "data-testid": "source" });
  link.append(icon(ICONS.out));
  return el("div", { class: "source" }, `${WORDS.readMore} `, link);
}

export function outwardLink(href: string, text: string, attributes: Record<string, string>): HTMLElement {
  const hint = el("span", { class: "spoken" }, ` ${WORDS.newTab}`);
  return el("a", { href, rel: "noopener noreferrer", target: "_blank", ...attributes }, text, hint);
}

function picture(src: string, alt: string, name: string): HTMLElement {
  return el("img", { class: name, loading: "lazy", referrerpolicy: "no-referrer", alt, src });
}

function checkSecure(address: string | null): string | null {
  const href = checkAddress(address);
  return href?.startsWith("https:") ? href : null;
}
