// The pieces of the panel that keep a state of their own: tabs, a question, the running check.
import {el, uniqueId} from "./dom.ts";
import type {File, Progress, Say} from "./types.ts";

/** Tabs of the files (WAI-ARIA's pattern: one tab stop, arrow keys move); a plain name where there is one file. */
export function makeTabs(files: File[], panelId: string, label: string, select: (path: string) => void) {
  const list = el("div", {class: "tabs", role: files.length > 1 ? "tablist" : null, "aria-label": files.length > 1 ? label : null});
  if (files.length === 1) {
    list.append(el("span", {class: "file-name"}, files[0].path));
    return {list, mark: (_active: string): string | undefined => undefined};
  }
  const tabs = files.map(({path}, number) =>
    el("button", {type: "button", role: "tab", id: uniqueId("tab"), "aria-controls": panelId, onclick: () => select(path),
      onkeydown: (event: KeyboardEvent) => {
        const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
        const to = event.key === "Home" ? 0 : event.key === "End" ? files.length - 1 : step && (number + step + files.length) % files.length;
        if (to === undefined) return;
        event.preventDefault();
        select(files[to].path);
        tabs[to].focus();
      }}, path));
  list.append(...tabs);
  return {
    list,
    mark(active: string): string | undefined {
      files.forEach(({path}, number) => {
        tabs[number].setAttribute("aria-selected", String(path === active));
        tabs[number].tabIndex = path === active ? 0 : -1;
      });
      return tabs[files.findIndex(({path}) => path === active)]?.id;
    },
  };
}

/** A question inside the panel. Escape is the answer that does nothing, where there is one; then focus goes back. */
export function makeQuestion() {
  const id = uniqueId("question");
  const text = el("p", {id});
  const row = el("div", {class: "row"});
  const root = el("div", {class: "question", role: "group", "aria-labelledby": id, hidden: ""}, text, row);
  let before: Element | null = null;
  const close = (act: (() => void) | null) => {
    root.hidden = true;
    act?.();
    if (before instanceof HTMLElement) before.focus();
  };
  return {
    root,
    ask(words: string, answers: [string, (() => void) | null][]) {
      if (root.hidden) before = document.activeElement;
      text.textContent = words;
      row.replaceChildren(...answers.map(([label, act], number) =>
        el("button", {type: "button", class: number ? "" : "primary", onclick: () => close(act)}, label)));
      root.onkeydown = (event) => { // in braces: a handler that returns false takes Enter away from the buttons
        if (event.key === "Escape" && answers.at(-1)?.[1] === null) close(null);
      };
      root.hidden = false;
      row.querySelector("button")?.focus();
    },
  };
}

/** A bar with words for work that goes on; totals are steps or bytes, and without one it shows only that it goes on. */
export function makeBar(say: Say, label: string) {
  const bar = el("progress", {"aria-label": label});
  const words = el("span");
  const root = el("div", {class: "bar"}, bar, words);
  return {
    root,
    draw({text, done, total}: Progress) {
      if (total) {
        bar.max = total;
        bar.value = done ?? 0;
      } else bar.removeAttribute("value");
      const now = done ?? 0;
      if (!total) words.textContent = text;
      else if (total < 1000) words.textContent = say("count", {text, done: now, total});
      else words.textContent = say("percent", {text, percent: Math.floor((100 * now) / total)});
    },
  };
}
