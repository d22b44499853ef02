// A view at the side: asks the server while it is seen, less often while nothing is done, and not at all while hidden.

import type {Message} from "@lumino/messaging";
import {Poll} from "@lumino/polling";
import {Widget} from "@lumino/widgets";

import {el} from "../../ui/src/dom";
import {Trouble, ask, say} from "./api";

const AWAKE = 30_000; // ms after a key or a click, in which something new is likely
const ASLEEP = 3; // times the interval, after that
const HANDS = ["keydown", "pointerdown"];

/** Asks for a document again and again, and shows it where it has changed. */
export abstract class View<Answer> extends Widget {
  protected readonly body = el("div", {class: "body"});
  protected readonly live = el("div", {class: "labkit-hidden", role: "status", "aria-live": "polite"});
  private readonly alarm = el("div", {class: "alarm", role: "alert", hidden: ""});
  private readonly poll: Poll;
  private last = "";
  private touched = Date.now();
  private asleep = false;
  private readonly wake = () => {
    this.touched = Date.now();
    if (this.asleep && this.isVisible) void this.poll.refresh();
  };

  constructor(
    id: string,
    title: string,
    path: string,
    private readonly interval: number,
  ) {
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
    for (const hand of HANDS) window.addEventListener(hand, this.wake, {capture: true, passive: true});
  }

  /** Ask now. */
  refresh() {
    return this.poll.refresh();
  }

  override dispose() {
    for (const hand of HANDS) window.removeEventListener(hand, this.wake, {capture: true});
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
    this.asleep = Date.now() - this.touched > AWAKE;
    this.poll.frequency = {...this.poll.frequency, interval: this.interval * (this.asleep ? ASLEEP : 1)};
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
