// @ts-check
/** Opens the chat from the page's own buttons. It must not load or store anything. */

for (const button of document.querySelectorAll("[data-open-chat]")) {
  button.addEventListener("click", () => window.Parley?.open());
}
