/** Keeps the full-screen chat above the on-screen keyboard, which covers a page instead of shrinking it. */

export function fitAboveKeyboard(node: HTMLElement, signal: AbortSignal): void {
  const viewport = window.visualViewport;
  if (!viewport) return;
  const fit = (): void => {
    // A pinch zoom changes the viewport too; the panel must not follow that.
    if (viewport.scale > 1.01) return;
    node.style.setProperty("--visible-height", `${viewport.height}px`);
    node.style.setProperty("--visible-top", `${viewport.offsetTop}px`);
  };
  for (const name of ["resize", "scroll"]) viewport.addEventListener(name, fit, { signal, passive: true });
}
