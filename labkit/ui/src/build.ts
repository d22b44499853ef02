// What the builds of a check say: a line for each step, opened at the one under way or the one that failed.
import {el} from "./dom.ts";
import type {Say, Step} from "./types.ts";

const SIGNS = {running: "…", made: "✓", reused: "↺", failed: "✗"};

function makeStep(say: Say) {
  const sign = el("span", {"aria-hidden": "true"});
  const words = el("code");
  const state = el("span", {class: "state"});
  const text = el("pre", {tabindex: "0"});
  const root = el("details", {}, el("summary", {}, sign, words, state), text);
  let before = "";
  return {
    root,
    draw({number, total, instruction, text: said, state: now}: Step) {
      root.className = `step ${now}`;
      sign.textContent = SIGNS[now];
      words.textContent = instruction;
      state.textContent = say("step", {number, total, state: say(now)});
      text.textContent = said || say(now === "running" ? "silent yet" : "silent");
      if (now !== before) root.open = now === "running" || now === "failed";
      before = now;
      if (now === "running") text.scrollTop = text.scrollHeight;
    },
  };
}

/** The steps of all builds; each but the first has a heading. */
export function makeBuild(say: Say) {
  const head = el("summary");
  const list = el("div");
  const root = el("details", {class: "build", hidden: ""}, head, list);
  const steps: ReturnType<typeof makeStep>[] = [];
  const heading = (build: number) => el("h5", {}, say("built again", {build}));
  return {
    root,
    draw(found: Step[], busy: boolean) {
      root.hidden = !found.length;
      while (steps.length > found.length) steps.pop()?.root.remove();
      if (!found.length) list.replaceChildren();
      found.forEach((step, number) => {
        if (!steps[number]) {
          if (step.build > 1 && step.build !== found[number - 1].build) list.append(heading(step.build));
          const made = makeStep(say);
          steps.push(made);
          list.append(made.root);
        }
        steps[number].draw(step);
      });
      const last = found.at(-1);
      const failed = last?.state === "failed";
      head.textContent = last && failed ? say("build failed", {number: last.number, total: last.total}) : say("build");
      if (failed || busy) root.open = true;
    },
    /** Fold it away, unless something failed in it. */
    fold() {
      if (!root.querySelector(".failed")) root.open = false;
    },
  };
}
