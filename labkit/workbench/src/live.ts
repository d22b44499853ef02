// The learner's containers and images, live.

import {el} from "../../ui/src/dom";
import {address, ask, say} from "./api";
import type {Container, Image, World} from "./api";
import {Spark} from "./spark";
import {View} from "./view";

const EVERY = 2000; // ms
const MIB = 1024 * 1024;
const LOCAL = ["localhost", "127.0.0.1", "[::1]"];

export class LiveView extends View<World> {
  protected readonly head = say("trouble_head");
  private readonly cards = new Map<string, Card>();
  private readonly list = el("ul", {class: "cards"});
  private readonly none = el("p", {class: "quiet"}, say("no_containers"));
  private readonly images = el("ul", {class: "images"});
  private readonly noImages = el("p", {class: "quiet"}, say("no_images"));

  constructor() {
    super("labkit-live", say("containers"), "live", EVERY);
    this.body.append(this.none, this.list, el("h3", {}, say("images")), this.noImages, this.images);
  }

  protected draw({containers, images}: World) {
    const told: string[] = [];
    const there = new Set(containers.map((each) => each.id));
    for (const [id, card] of this.cards) {
      if (there.has(id)) continue;
      told.push(say("gone", {name: card.name}));
      card.node.remove();
      this.cards.delete(id);
    }
    for (const each of containers) {
      const known = this.cards.get(each.id);
      const card = known ?? new Card(each, (work) => void this.carryOut(work));
      if (!known) this.cards.set(each.id, card);
      if (card.show(each)) told.push(say("changed", {name: each.name, state: each.state}));
      this.list.append(...(known ? [] : [card.node]));
    }
    this.none.hidden = containers.length > 0;
    this.showImages(images.filter((each) => !each.course));
    if (told.length) this.live.textContent = told.join(". ");
  }

  private showImages(images: Image[]) {
    this.noImages.hidden = images.length > 0;
    const focused = this.images.contains(document.activeElement) ? document.activeElement?.id : "";
    this.images.replaceChildren(...images.map((each) => this.image(each)));
    if (focused) document.getElementById(focused)?.focus();
  }

  private image({id, names, size, used}: Image) {
    const short = id.replace("sha256:", "").slice(0, 12);
    const name = names.join(", ") || say("unnamed", {id: short});
    return el(
      "li",
      {},
      el("span", {class: "name"}, name),
      el("span", {class: "quiet"}, `${(size / 1e6).toFixed(size < 1e7 ? 1 : 0)} MB`),
      used
        ? el("span", {class: "pill"}, say("in_use"))
        : el(
            "button",
            {
              id: `labkit-image-${short}`,
              class: "small",
              "aria-label": say("remove_one", {name}),
              onclick: () => void this.carryOut(ask(`live/images/${id}`, "DELETE")),
            },
            say("remove"),
          ),
    );
  }
}

/** One container; its elements stay, so that focus does, too. */
class Card {
  readonly node = el("li", {class: "card"});
  readonly name: string;
  private readonly state = el("span", {class: "state"});
  private readonly status = el("span", {class: "quiet"});
  private readonly ports = el("div", {class: "ports"});
  private readonly use = el("div", {class: "use"});
  private readonly cpu = el("span", {});
  private readonly memory = el("span", {});
  private readonly cpuLine = new Spark();
  private readonly memoryLine = new Spark();
  private readonly stop: HTMLButtonElement;
  private readonly remove: HTMLButtonElement;
  private readonly logs = el("pre", {class: "logs", tabindex: "0", hidden: ""});
  private readonly more: HTMLButtonElement;
  private before = "";

  constructor(
    private readonly container: Container,
    private readonly carryOut: (work: Promise<unknown>) => void,
  ) {
    const {id, name, image} = container;
    this.name = name;
    this.stop = this.button("stop", () => ask(`live/containers/${id}`, "POST"));
    this.remove = this.button("remove", () => ask(`live/containers/${id}`, "DELETE"));
    this.more = this.button("logs", () => this.toggle());
    this.more.setAttribute("aria-expanded", "false");
    this.logs.setAttribute("aria-label", say("logs_one", {name}));
    this.use.append(this.cpu, this.cpuLine.node, this.memory, this.memoryLine.node);
    this.node.append(
      el("div", {class: "row"}, el("span", {class: "name"}, name), this.state),
      el("div", {class: "row quiet"}, el("span", {}, image), this.status),
      this.ports,
      this.use,
      el("div", {class: "row"}, this.stop, this.remove, this.more),
      this.logs,
    );
  }

  /** Show it as it is now; whether its state has changed since it was last shown. */
  show(now: Container) {
    const running = now.state === "running";
    const changed = this.before !== "" && this.before !== now.state;
    if (this.before !== now.state) this.become(now, running);
    this.before = now.state;
    this.status.textContent = now.status;
    this.use.hidden = !running;
    if (now.cpu !== null) {
      this.cpu.textContent = say("cpu", {cpu: now.cpu.toFixed(now.cpu < 10 ? 1 : 0)});
      this.cpuLine.add(now.cpu, 100);
    }
    if (now.memory !== null) {
      const [memory, limit] = [now.memory, now.limit].map((bytes) => Math.round(bytes / MIB));
      this.memory.textContent = say("memory", {memory: memory ?? 0, limit: limit ?? 0});
      this.memoryLine.add(now.memory, now.limit);
    }
    if (!this.logs.hidden) void this.read();
    return changed;
  }

  private become(now: Container, running: boolean) {
    this.state.textContent = now.state;
    this.node.dataset.state = now.state;
    this.ports.replaceChildren(...now.ports.map((port) => this.port(port.host, port.container)));
    const focused = document.activeElement === this.stop || document.activeElement === this.remove;
    this.stop.hidden = !running;
    this.remove.hidden = running;
    if (focused) (running ? this.stop : this.remove).focus();
  }

  private port(host: number, container: number) {
    const through = address("proxy", String(host), "/");
    const near = LOCAL.includes(location.hostname);
    const link = (href: string, label: string, text: string) =>
      el("a", {href, target: "_blank", rel: "noopener", "aria-label": label}, text);
    const values = {host, container, name: this.name};
    return el(
      "span",
      {},
      link(near ? `http://localhost:${host}/` : through, say("port", values), `${host} → ${container}`),
      near ? " " : null,
      near ? link(through, say("through_one", values), say("through")) : null,
    );
  }

  private button(key: "stop" | "remove" | "logs", work: () => Promise<unknown>) {
    const label = say(`${key}_one`, {name: this.container.name});
    const button = el("button", {class: "small", "aria-label": label}, say(key));
    button.addEventListener("click", () => {
      button.disabled = true;
      this.carryOut(work().finally(() => (button.disabled = false)));
    });
    return button;
  }

  private async toggle() {
    this.logs.hidden = !this.logs.hidden;
    this.more.setAttribute("aria-expanded", String(!this.logs.hidden));
    if (!this.logs.hidden) await this.read();
  }

  private async read() {
    const {logs} = await ask<{logs: string}>(`live/containers/${this.container.id}`);
    const text = logs || say("no_logs");
    if (this.logs.textContent === text) return;
    this.logs.textContent = text;
    this.logs.scrollTop = this.logs.scrollHeight;
  }
}
