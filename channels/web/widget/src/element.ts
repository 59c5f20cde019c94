/** `<parley-chat>`: wires the views to one conversation. Nothing is called or stored before the chat is opened. */

import { BROWSER_PORTS, describePage, makeId, takeResumeCode } from "./browser";
import { decideInk } from "./color";
import { Connection, type LinkState, type Listener } from "./connection";
import { Conversation } from "./conversation";
import { setAttributes } from "./dom";
import { fitAboveKeyboard } from "./keyboard";
import { Launcher } from "./launcher";
import { Memory } from "./memory";
import { Panel } from "./panel";
import type { ClientFrame, Message } from "./protocol";
import sheet from "./widget.css";
import { describeError, WORDS } from "./words";

const PHONE = "(max-width: 480px)";
const LONGEST_TYPING = 30_000; // milliseconds; the end of typing may be lost with a connection
const COMPLAINT_SHOWN = 8_000; // milliseconds

export class ParleyChat extends HTMLElement implements Listener {
  private readonly chat = new Conversation();
  private readonly phone = matchMedia(PHONE);
  private readonly removal = new AbortController();
  private readonly launcher = new Launcher(() => (this.isOpen ? this.close() : this.open()));
  private panel: Panel | null = null;
  private connection: Connection | null = null;
  private state: LinkState = "connecting";
  private unread = 0;
  private opener: HTMLElement | null = null;
  private complaint = "";
  private typingTimer: ReturnType<typeof setTimeout> | undefined;
  private complaintTimer: ReturnType<typeof setTimeout> | undefined;

  get isOpen(): boolean {
    return this.panel?.node.open === true;
  }

  connectedCallback(): void {
    if (this.shadowRoot) return;
    const root = this.attachShadow({ mode: "open" });
    // A constructed sheet, unlike a style element, is allowed by a page's strict content security policy.
    const styles = new CSSStyleSheet();
    styles.replaceSync(sheet);
    root.adoptedStyleSheets = [styles];
    this.paint();
    root.append(this.launcher.node);
    const { signal } = this.removal;
    this.phone.addEventListener("change", () => this.isOpen && this.show(), { signal });
    for (const name of ["online", "offline"]) window.addEventListener(name, () => this.handleNetwork(), { signal });
    document.addEventListener("visibilitychange", () => document.hidden || this.connection?.wake(), { signal });
  }

  open(): void {
    if (this.isOpen || this.removal.signal.aborted) return;
    const active = this.shadowRoot?.activeElement ?? document.activeElement;
    this.opener = active instanceof HTMLElement && active !== document.body ? active : null;
    this.panel ??= this.buildPanel();
    this.show();
    this.unread = 0;
    this.launcher.update(true, 0);
    if (this.connection === null) this.connect();
    this.draw();
    this.panel.log.scrollToEnd();
    // On a touch screen the keyboard would cover the notice the visitor should read first.
    (this.isTouched() ? this.panel.node : this.panel.composer).focus();
  }

  close(): void {
    if (!this.isOpen) return;
    this.panel?.node.close();
    this.launcher.update(false, this.unread);
    (this.opener?.isConnected ? this.opener : this.launcher.node).focus({ preventScroll: true });
  }

  destroy(): void {
    this.connection?.stop();
    this.removal.abort();
    clearTimeout(this.typingTimer);
    clearTimeout(this.complaintTimer);
    this.remove();
  }

  handleChange(): void {
    if (this.isOpen) this.draw();
  }

  handleArrival(messages: readonly Message[]): void {
    this.handleTyping(false);
    if (this.isOpen) return;
    this.unread += messages.length;
    this.launcher.update(false, this.unread);
  }

  handleTyping(on: boolean): void {
    clearTimeout(this.typingTimer);
    this.panel?.log.showTyping(on);
    if (on) this.typingTimer = setTimeout(() => this.panel?.log.showTyping(false), LONGEST_TYPING);
  }

  handleState(state: LinkState): void {
    this.state = state;
    if (state === "refused") this.panel?.composer.disable();
    this.draw();
    if (state === "connected") this.panel?.log.handleReady();
  }

  handleComplaint(code: string, message: string): void {
    this.complaint = describeError(code, message);
    clearTimeout(this.complaintTimer);
    const clear = (): void => {
      this.complaint = "";
      this.draw();
    };
    // That the talk has moved stays true.
    if (code !== "moved") this.complaintTimer = setTimeout(clear, COMPLAINT_SHOWN);
    this.draw();
  }

  describeFailure(code: string, message: string): string {
    return describeError(code, message);
  }

  private paint(): void {
    const color = this.dataset.color ?? "";
    const ink = decideInk(color);
    if (ink === null) return;
    this.style.setProperty("--parley-accent", color);
    this.style.setProperty("--parley-on-accent", ink);
  }

  private buildPanel(): Panel {
    const panel = new Panel(this.dataset.title || WORDS.title, this.dataset.notice || WORDS.notice, {
      close: () => this.close(),
      write: (text) => this.send({ type: "message", client_id: makeId(), text }),
      choose: (message, { value, label }) => this.choose(message, value, label),
      answer: (text) => this.answer({ type: "message", client_id: makeId(), text }),
      upload: async (file, handleProgress) => (await this.connection?.upload(file, makeId(), handleProgress)) ?? WORDS.failed,
      retry: (client_id) => this.connection?.retry(client_id),
    });
    panel.node.addEventListener("input", () => this.connection?.typing());
    panel.node.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing) return;
      event.preventDefault();
      event.stopPropagation();
      this.close();
    });
    panel.node.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.close();
    });
    fitAboveKeyboard(panel.node, this.removal.signal);
    this.shadowRoot?.prepend(panel.node);
    return panel;
  }

  // On a phone the chat covers the page, so the page behind it must not take focus.
  private show(): void {
    const dialog = this.panel?.node;
    if (dialog?.open) dialog.close();
    if (this.phone.matches) dialog?.showModal();
    else dialog?.show();
  }

  private connect(): void {
    const base = this.dataset.server || location.origin;
    const memory = new Memory(`parley:${base}`, () => localStorage);
    this.connection = new Connection(BROWSER_PORTS, base, this.chat, memory, this, describePage);
    this.connection.resume = takeResumeCode();
    void this.connection.run();
  }

  private choose(message: Message, value: string, text: string): void {
    if (message.step === null) return this.send({ type: "message", client_id: makeId(), text });
    this.answer({ type: "choice", client_id: makeId(), step: message.step, value, text });
  }

  private answer(frame: ClientFrame): void {
    this.send(frame);
    // What was tapped is disabled now; focus must not fall back to the page.
    (this.isTouched() ? this.panel?.log : this.panel?.composer)?.focus();
  }

  private isTouched(): boolean {
    return matchMedia("(pointer: coarse)").matches;
  }

  private send(frame: ClientFrame): void {
    this.connection?.send(frame, new Date().toISOString());
  }

  private draw(): void {
    if (!this.panel) return;
    this.panel.render(this.chat, this.state === "connected");
    this.panel.showStatus(this.describeState());
    setAttributes(this.panel.node, { "data-link": this.state });
  }

  private describeState(): string {
    if (this.state === "refused") return WORDS.refused;
    if (!navigator.onLine && this.state !== "connected") return WORDS.offline;
    return this.state === "connected" ? this.complaint : WORDS[this.state];
  }

  private handleNetwork(): void {
    this.connection?.wake();
    this.draw();
  }
}
