// The plugin: two views at the left, commands for them, and their places in the launcher and the palette.

import {ILabShell} from "@jupyterlab/application";
import type {JupyterFrontEnd, JupyterFrontEndPlugin} from "@jupyterlab/application";
import {ICommandPalette} from "@jupyterlab/apputils";
import {ILauncher} from "@jupyterlab/launcher";
import {INotebookTracker} from "@jupyterlab/notebook";
import type {NotebookPanel} from "@jupyterlab/notebook";
import {LabIcon} from "@jupyterlab/ui-components";

import {ask, say, served} from "./api";
import type {Standing} from "./api";
import {containersSvg, courseSvg} from "./icons";
import {LiveView} from "./live";
import {StandingView, following} from "./standing";
import type {Opener} from "./standing";

const COMMANDS = {go: "labkit:continue", standing: "labkit:progress", live: "labkit:containers"};
const RANK = 110; // at the left, after the file browser and what runs

const opener = (app: JupyterFrontEnd, notebooks: INotebookTracker | null): Opener => ({
  async file(path) {
    await app.commands.execute("docmanager:open", {path});
  },
  async notebook(path, exercise) {
    await app.commands.execute("docmanager:open", {path, factory: "Notebook"});
    const panel = notebooks?.find((each) => each.context.path === path);
    if (panel && exercise) await show(panel, exercise);
  },
});

/** Go to the cell that shows an exercise. */
const show = async (panel: NotebookPanel, exercise: string) => {
  await panel.context.ready;
  await panel.revealed;
  const name = exercise.replace(/^\d+-/, "");
  const call = new RegExp(`\\blab\\(\\s*["'](\\d+-)?${name}["']`);
  const at = panel.content.widgets.findIndex((cell) => call.test(cell.model.sharedModel.getSource()));
  if (at < 0) return;
  panel.content.activeCellIndex = at;
  await panel.content.scrollToItem(at, "center");
};

const activate = async (
  app: JupyterFrontEnd,
  shell: ILabShell,
  launcher: ILauncher | null,
  notebooks: INotebookTracker | null,
  palette: ICommandPalette | null,
) => {
  if (!served) return;
  let known = await ask<Standing>("standing").catch(() => null); // the view says what is wrong, where somebody looks
  const open = opener(app, notebooks);
  const standing = new StandingView(open, (now) => {
    known = now;
    app.commands.notifyCommandChanged(COMMANDS.go);
  });
  const live = new LiveView();
  const icons = {
    course: new LabIcon({name: "labkit:course", svgstr: courseSvg}),
    containers: new LabIcon({name: "labkit:containers", svgstr: containersSvg}),
  };
  standing.title.icon = icons.course;
  standing.title.caption = say("progress");
  live.title.icon = icons.containers;
  live.title.caption = say("containers");
  shell.add(standing, "left", {rank: RANK});
  shell.add(live, "left", {rank: RANK + 1});

  app.commands.addCommand(COMMANDS.go, {
    icon: icons.course,
    label: () => {
      const next = known && following(known);
      return next ? say("continue", {title: next.exercise.title}) : known ? say("finished") : say("course");
    },
    caption: say("continue_caption"),
    execute: async () => {
      const next = following(await ask<Standing>("standing"));
      if (next?.notebook.path) await open.notebook(next.notebook.path, next.exercise.slug);
      else shell.activateById(standing.id);
    },
  });
  app.commands.addCommand(COMMANDS.standing, {
    icon: icons.course,
    label: say("progress"),
    caption: say("progress_caption"),
    execute: () => shell.activateById(standing.id),
  });
  app.commands.addCommand(COMMANDS.live, {
    icon: icons.containers,
    label: say("containers"),
    caption: say("containers_caption"),
    execute: () => shell.activateById(live.id),
  });
  Object.values(COMMANDS).forEach((command, rank) => {
    launcher?.add({command, category: say("course"), rank});
    palette?.addItem({command, category: say("course")});
  });
};

const plugin: JupyterFrontEndPlugin<void> = {
  id: "labkit:workbench",
  description: "The course in JupyterLab: launcher, progress, live containers.",
  autoStart: true,
  requires: [ILabShell],
  optional: [ILauncher, INotebookTracker, ICommandPalette],
  activate,
};

export default plugin;
