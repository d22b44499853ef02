// A view at the side: asks the server while it is seen, and not at all while it is hidden.

import type {Message} from "@lumino/messaging";
import {Poll} from "@lumino/polling";
import {Widget} from "@lumino/widgets";

import {el} from "../../ui/src/dom";
import {Trouble, ask, say} from "./api";

/** Asks for a document again and again, and shows it where it has changed. */
export abstract class View<Answer> extends Widget {
  protected readonly body = el("div", {class: "body"});
  protected readonly live = el("div", {class: "labkit-hidden", role: "status", "aria-live": "polite"});
  private readonly alarm = el("div", {class: "alarm", role: "alert", hidden: ""});
  private readonly poll: Poll;
  private last = "";

  constructor(id: string, title: string, path: string, interval: number) {
    super();
    this.id = id;
    this.addClass("labkit-bench");
    this.node.setAttribute("role", "region");
    this.node.setAttribute("aria-label", title);
    this.node.tabIndex = -1;
    this.node.append(el("h2", {}, title), this.alarm, this.body, this.live);
    this.poll = new Poll({
      auto: false,
      factory: () => this.ask(path),
      frequency: {interval, backoff: false},
      standby: () => !this.isVisible || document.hidden,
    });
  }

  /** Ask now. */
  refresh() {
    return this.poll.refresh();
  }

  override dispose() {
    this.poll.dispose();
    super.dispose();
  }

  protected override onAfterShow(message: Message) {
    super.onAfterShow(message);
    void this.poll.refresh();
  }

  protected override onBeforeHide(message: Message) {
    super.onBeforeHide(message);
    void this.poll.stop();
  }

  protected override onActivateRequest() {
    this.node.focus();
  }

  /** Do what a button asks for, and show what came of it. */
  protected async carryOut(work: Promise<unknown>) {
    try {
      await work;
      await this.refresh();
    } catch (error) {
      this.complain(error);
    }
  }

  protected abstract readonly head: string;

  protected abstract draw(answer: Answer): void;

  private async ask(path: string) {
    try {
      const answer = await ask<Answer>(path);
      this.alarm.hidden = true;
      const text = JSON.stringify(answer);
      if (text !== this.last) this.draw(answer);
      this.last = text;
    } catch (error) {
      this.complain(error);
      this.last = "";
    }
  }

  private complain(error: unknown) {
    if (!(error instanceof Trouble)) throw error;
    const sentences = [error.what, error.why, error.fix && say("what_to_do", {fix: error.fix})].filter(Boolean);
    const text = [this.head, ...sentences].join("\n");
    if (this.alarm.textContent !== text) this.alarm.textContent = text;
    this.alarm.hidden = false;
  }
}
