// The panel of one exercise: a view. It shows the widget's traits and sends what the learner wants; the kernel decides.
import {el, fill, uniqueId} from "./dom.ts";
import {makeBuild} from "./build.ts";
import {makeDrafts} from "./drafts.ts";
import {makeEditor} from "./editor.ts";
import type {Draft, File, Message, Model, Say, Traits} from "./types.ts";
import {makeBar, makeQuestion, makeTabs} from "./parts.ts";

function render({model, el: root}: {model: Model; el: HTMLElement}) {
  const view = uniqueId("view");
  const get = <Name extends keyof Traits>(name: Name) => model.get(name);
  const say: Say = (word, values = {}) => fill(get("words")[word], values);
  const send = (action: string, drafts: Draft[] = []) => model.send({action, view, drafts});
  const ids = {title: uniqueId("title"), help: uniqueId("help"), editor: uniqueId("editor")};
  let active = get("files")[0].path;
  let stale = false;

  // ── elements
  const pill = el("span", {class: "pill"});
  const task = el("div", {class: "task"});
  const host = el("div", {class: "editor", id: ids.editor, "aria-describedby": ids.help});
  const open = el("button", {type: "button", class: "link"}, say("open"));
  const message = el("div", {class: "message", role: "status", "aria-live": "polite"});
  const staleNote = el("p", {class: "stale", hidden: ""}, say("stale"));
  const findings = el("div");
  const sheet = el("div", {class: "sheet", role: "group", tabindex: "-1", hidden: ""});
  const effort = el("span", {class: "effort"});
  const anew = el("button", {type: "button", class: "link", hidden: "", onclick: () => start("check anew")}, say("check anew"));
  const toFault = el("button", {type: "button", class: "link", hidden: "", onclick: showFault});
  const build = makeBuild(say);
  const question = makeQuestion();
  const running = makeBar(say, say("check"));
  const course = makeBar(say, say("course"));
  const act = (name: "check" | "hint" | "changes" | "solution" | "reset", primary = false) =>
    el("button", {type: "button", class: primary ? "primary" : "", "data-act": name, onclick: () => start(name)}, say(name));

  const editor = makeEditor(host, {
    check: () => start("check"),
    save: () => drafts.save(),
    leave: () => root.querySelector<HTMLElement>("[data-act=check]")?.focus(),
    edited: () => {
      stale = true;
      drawStale();
      drafts.edited();
    },
  }, (path) => say("editor", {path}));
  const drafts = makeDrafts({editor, send, conflict: askWhich});
  const tabs = makeTabs(get("files"), ids.editor, say("files"), select);

  // ── what the learner wants
  const actions: Record<string, () => void> = {
    check: () => send("check", drafts.take()),
    "check anew": () => send("check anew", drafts.take()),
    changes: () => send("changes", drafts.take()),
    hint: () => send("hint", drafts.take()),
    reset: () => question.ask(say("ask reset"),
      [[say("reset"), () => send("reset", drafts.take())], [say("keep working"), null]]),
    solution: () => {
      const show = () => send("solution", drafts.take());
      if (get("passed")) show();
      else question.ask(say("ask solution"),
        [[say("show solution"), show], [say("keep trying"), null]]);
    },
  };
  function start(name: string) {
    if (!get("busy") && !drafts.askAgain()) actions[name]();
  }
  function askWhich(path: string, theirs: string) {
    const settle = (keepMine: boolean) => () => (drafts.settle(path, theirs, keepMine), drafts.askAgain());
    question.ask(say("ask which", {path}),
      [[say("take theirs"), settle(false)], [say("keep mine"), settle(true)]]);
  }
  function select(path: string) {
    active = path;
    editor.show(get("files").find((file) => file.path === path) as File);
    const tab = tabs.mark(path);
    if (tab) {
      host.setAttribute("role", "tabpanel");
      host.setAttribute("aria-labelledby", tab);
    }
    drawOpen();
  }

  function showFault() {
    const {path, line} = get("fault");
    select(path);
    editor.goTo(line);
  }

  // ── what the kernel says
  function drawOpen() {
    const path = get("files").find((file) => file.path === active)?.open;
    open.hidden = !path || !document.querySelector(".jp-LabShell"); // another front end has no such command
    open.setAttribute("data-commandlinker-command", "docmanager:open");
    open.setAttribute("data-commandlinker-args", JSON.stringify({path, options: {mode: "split-right"}}));
  }
  function drawStale() {
    staleNote.hidden = !(stale && get("findings_html") && !get("busy"));
  }
  function drawFiles() {
    for (const {path, text, by} of get("files")) if (by !== view) drafts.received(path, text);
    drawOpen();
  }
  function drawStatus() {
    const status = get("status");
    pill.className = `pill ${status.replace(" ", "-")}`;
    pill.replaceChildren(el("span", {"aria-hidden": "true"}, get("signs")[status]), ` ${say(status)}`);
  }
  function drawBusy() {
    const busy = get("busy");
    if (busy) stale = false;
    root.classList.toggle("busy", busy);
    running.root.hidden = !busy;
    for (const button of root.querySelectorAll("[data-act]")) button.setAttribute("aria-disabled", String(busy));
    running.draw(get("progress"));
    if (!busy) build.fold();
    drawStale();
  }
  function drawFault() {
    const {path, line} = get("fault");
    toFault.hidden = !line;
    toFault.textContent = say("fault", {line, path});
    if (line) {
      select(path);
      editor.mark(line);
    } else editor.mark(0);
  }
  function drawMessage() {
    const {kind, head, html} = get("message");
    message.className = `message ${kind.replace(" ", "-")}`;
    message.innerHTML = html;
    if (head) message.prepend(el("strong", {}, head), " ");
  }
  function drawSheet() {
    const {title, html} = get("sheet");
    sheet.hidden = !html;
    sheet.innerHTML = html;
    sheet.setAttribute("aria-label", title);
    if (html) {
      sheet.prepend(el("div", {class: "row"}, el("h4", {}, title), el("span", {class: "grow"}),
        el("button", {type: "button", class: "link", onclick: () => (sheet.hidden = true)}, say("hide"))));
    }
  }
  const draw = {
    files: drawFiles, status: drawStatus, busy: drawBusy, progress: () => running.draw(get("progress")), message: drawMessage,
    findings_html: () => ((findings.innerHTML = get("findings_html")), drawStale()), sheet: drawSheet,
    build: () => build.draw(get("build"), get("busy")), fault: drawFault, again: () => (anew.hidden = !get("again")),
    effort: () => (effort.textContent = get("effort")),
    task_html: () => (task.innerHTML = get("task_html")),
    course: () => course.draw({text: say("exercises done"), done: get("course")[0], total: get("course")[1]}),
  };

  root.classList.add("labkit-panel");
  root.setAttribute("role", "region");
  root.setAttribute("aria-labelledby", ids.title);
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // JupyterLab's one-letter shortcuts are not meant here
  root.append(
    el("div", {class: "head"}, el("h3", {id: ids.title}, get("title")), pill, el("span", {class: "about"}, get("about"))),
    task,
    el("div", {class: "files"}, tabs.list, el("span", {class: "grow"}), open),
    host,
    el("p", {class: "help", id: ids.help}, say("help")),
    el("div", {class: "row"}, act("check", true), act("hint"), act("changes"), act("solution"), act("reset"), el("span", {class: "grow"}), effort, course.root),
    question.root, running.root, message, el("div", {class: "row"}, anew, toFault), staleNote, build.root, findings, sheet,
  );
  running.root.classList.add("running");
  const drawn = Object.entries(draw) as [keyof typeof draw, () => void][];
  for (const [name, redraw] of drawn) {
    model.on(`change:${name}`, redraw);
    redraw();
  }
  select(active);

  const onMessage = (content: Message) => {
    if (content.refused && content.view === view) drafts.refused(content.refused, content.text ?? "");
    if (content.sheet) {
      if (sheet.hidden) drawSheet();
      sheet.focus();
    }
  };
  model.on("msg:custom", onMessage);
  root.addEventListener("keydown", (event) => event.stopPropagation());
  root.addEventListener("focusin", (event) => {
    if (!root.contains(event.relatedTarget as Node | null)) send("refresh", drafts.take()); // the file may be open elsewhere too
  });
  return () => {
    for (const [name, redraw] of drawn) model.off(`change:${name}`, redraw);
    model.off("msg:custom", onMessage);
    drafts.end();
    editor.destroy();
  };
}

export default {render};
