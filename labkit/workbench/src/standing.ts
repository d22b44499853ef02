// The course: its notebooks, their exercises, how far each is, and where to go on.

import {el} from "../../ui/src/dom";
import {say} from "./api";
import type {Exercise, Notebook, Standing} from "./api";
import {View} from "./view";

const EVERY = 5000; // ms

/** Opens what belongs to an exercise. */
export interface Opener {
  notebook(path: string, exercise?: string): Promise<void>;
  file(path: string): Promise<void>;
}

/** An exercise with the notebook that it is in. */
export const following = (standing: Standing) => {
  for (const notebook of standing.notebooks)
    for (const exercise of notebook.exercises) if (exercise.slug === standing.next) return {notebook, exercise};
  return null;
};

export class StandingView extends View<Standing> {
  protected readonly head = say("course_trouble");

  constructor(
    private readonly opener: Opener,
    private readonly heard: (standing: Standing) => void,
  ) {
    super("labkit-standing", say("course"), "standing", EVERY);
  }

  protected draw(standing: Standing) {
    this.heard(standing);
    const focused = this.body.contains(document.activeElement) ? document.activeElement?.id : "";
    this.body.replaceChildren(...this.summary(standing), this.chapters(standing));
    if (focused) document.getElementById(focused)?.focus();
  }

  private summary(standing: Standing) {
    const {passed, count, points, most} = standing;
    const next = following(standing);
    const text = say("passed", {passed, count, points, most});
    const served = standing.notebooks.every((notebook) => notebook.path);
    return [
      el("progress", {value: passed, max: count, "aria-label": text}),
      el("p", {class: "quiet"}, text),
      next
        ? el(
            "button",
            {
              id: "labkit-next",
              class: "primary",
              disabled: !served,
              onclick: () => this.opener.notebook(next.notebook.path, next.exercise.slug),
            },
            say("continue", {title: next.exercise.title}),
          )
        : el("p", {class: "finished"}, `✓ ${say("finished")}`),
      served ? null : el("p", {class: "alarm"}, say("not_served")),
    ].filter((each) => each !== null);
  }

  private chapters(standing: Standing) {
    return el("ol", {class: "chapters"}, ...standing.notebooks.map((each) => this.chapter(each, standing.next)));
  }

  private chapter(notebook: Notebook, next: string) {
    const open = () => this.opener.notebook(notebook.path);
    return el(
      "li",
      {},
      el(
        "button",
        {id: `labkit-${notebook.path}`, class: "chapter", disabled: !notebook.path, onclick: open},
        notebook.title,
      ),
      el("ul", {}, ...notebook.exercises.map((each) => this.exercise(notebook, each, next))),
    );
  }

  private exercise(notebook: Notebook, exercise: Exercise, next: string) {
    const {slug, title, status, points, most, minutes} = exercise;
    const tried = exercise.attempts ? say("points", {points, most}) : say("minutes", {minutes});
    const about = [say(status), tried, ...(exercise.again ? [say("again")] : [])].join(" · ");
    return el(
      "li",
      {class: `exercise ${status.replace(" ", "-")}`, "aria-current": slug === next ? "step" : null},
      el("span", {class: "sign", "aria-hidden": "true"}, exercise.sign),
      el(
        "button",
        {
          id: `labkit-${slug}`,
          class: "title",
          disabled: !notebook.path,
          title: say("open_exercise", {title}),
          onclick: () => this.opener.notebook(notebook.path, slug),
        },
        title,
        el("span", {class: "quiet"}, about),
      ),
      slug === next ? el("span", {class: "pill"}, say("next")) : null,
      exercise.files.length && exercise.files[0] ? this.files(exercise) : null,
    );
  }

  private files({slug, title, files}: Exercise) {
    const label = say("files", {title});
    const open = async () => {
      for (const file of files) await this.opener.file(file);
    };
    return el("button", {id: `labkit-files-${slug}`, class: "small", "aria-label": label, title: label, onclick: open}, "✎");
  }
}
