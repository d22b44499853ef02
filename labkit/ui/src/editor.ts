// One CodeMirror view for all files of an exercise: each file keeps its own undo history.
import {defaultKeymap, history, historyKeymap, indentWithTab} from "@codemirror/commands";
import {HighlightStyle, StreamLanguage, type StreamParser, bracketMatching, indentUnit, syntaxHighlighting} from "@codemirror/language";
import {dockerFile} from "@codemirror/legacy-modes/mode/dockerfile";
import {javascript, json, typescript} from "@codemirror/legacy-modes/mode/javascript";
import {properties} from "@codemirror/legacy-modes/mode/properties";
import {shell} from "@codemirror/legacy-modes/mode/shell";
import {yaml} from "@codemirror/legacy-modes/mode/yaml";
import {EditorState, StateEffect, StateField} from "@codemirror/state";
import {Decoration, type DecorationSet, EditorView, drawSelection, keymap, lineNumbers} from "@codemirror/view";
import {tags} from "@lezer/highlight";
import type {File} from "./types.ts";

const MODES: Record<string, StreamParser<unknown>> = {dockerfile: dockerFile, javascript, json, properties, shell, typescript, yaml};
const color = (name: string, fallback: string) => `var(${name}, ${fallback})`;

const colors = HighlightStyle.define([
  {tag: tags.keyword, color: color("--jp-mirror-editor-keyword-color", "#008000"), fontWeight: "bold"},
  {tag: [tags.string, tags.special(tags.string)], color: color("--jp-mirror-editor-string-color", "#a31515")},
  {tag: tags.comment, color: color("--jp-mirror-editor-comment-color", "#406f6f"), fontStyle: "italic"},
  {tag: [tags.number, tags.bool, tags.null], color: color("--jp-mirror-editor-number-color", "#116611")},
  {tag: [tags.propertyName, tags.attributeName], color: color("--jp-mirror-editor-def-color", "#0000cc")},
]);

// The line at which a build failed; an edit of the file takes the mark away, since the line may be another one then.
const setFault = StateEffect.define<DecorationSet>();
const faultLine = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects) if (effect.is(setFault)) return effect.value;
    return transaction.docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const looks = EditorView.theme({
  "&": {
    backgroundColor: color("--jp-cell-editor-background", "#f5f5f5"),
    color: color("--jp-content-font-color1", "#212121"),
    fontSize: color("--jp-code-font-size", "13px"),
  },
  "&.cm-focused": {outline: `2px solid ${color("--jp-brand-color1", "#1976d2")}`},
  ".cm-scroller": {maxHeight: "28em", overflow: "auto"},
  ".cm-content": {
    fontFamily: color("--jp-code-font-family", "monospace"),
    caretColor: color("--jp-editor-cursor-color", "#000"),
    minHeight: "7em",
  },
  ".cm-gutters": {
    backgroundColor: color("--jp-layout-color2", "#eee"),
    color: color("--jp-ui-font-color1", "#424242"),
    border: "none",
  },
  "&.cm-focused .cm-cursor": {borderLeftColor: color("--jp-editor-cursor-color", "#000")},
  ".cm-fault": {
    backgroundColor: "color-mix(in srgb, var(--jp-error-color1, #d32f2f) 18%, transparent)",
    boxShadow: "inset 3px 0 var(--jp-error-color1, #d32f2f)",
  },
  ".cm-selectionBackground": {background: `${color("--jp-editor-selected-background", "#d9d9d9")} !important`},
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    background: `${color("--jp-editor-selected-focused-background", "#b3d4fc")} !important`,
  },
});

export type Editor = ReturnType<typeof makeEditor>;

/** An editor in an element; it tells what the learner does in it. */
export function makeEditor(
  parent: HTMLElement,
  on: {check: () => void; save: () => void; leave: () => void; edited: (path: string, text: string) => void},
  label: (path: string) => string,
) {
  const states = new Map<string, EditorState>();
  let active: string | null = null;
  let quiet = false; // while a text is set from outside
  const command = (act: () => void) => () => (act(), true);
  const extensions = ({path, language}: File) => [
    lineNumbers(),
    history(),
    drawSelection(),
    bracketMatching(),
    indentUnit.of("    "),
    syntaxHighlighting(colors),
    looks,
    faultLine,
    MODES[language] ? StreamLanguage.define(MODES[language]) : [],
    keymap.of([
      {key: "Mod-Enter", run: command(on.check)},
      {key: "Mod-s", run: command(on.save)},
      {key: "Escape", run: command(on.leave)},
      indentWithTab,
      ...defaultKeymap,
      ...historyKeymap,
    ]),
    EditorView.contentAttributes.of({"aria-label": label(path)}),
    EditorView.updateListener.of((update) => {
      if (update.docChanged && !quiet) on.edited(path, update.state.doc.toString());
    }),
  ];
  const view = new EditorView({parent});
  const park = () => active !== null && states.set(active, view.state);

  return {
    /** Show one file; its text is used when it is shown for the first time. */
    show(file: File) {
      park();
      if (!states.has(file.path)) states.set(file.path, EditorState.create({doc: file.text, extensions: extensions(file)}));
      active = file.path;
      view.setState(states.get(active) as EditorState);
    },
    /** What a file's text is here, or null where it was never shown. */
    text(path: string): string | null {
      park();
      return states.get(path)?.doc.toString() ?? null;
    },
    /** Replace a file's text, undoably, without reporting it as an edit. */
    replace(path: string, text: string) {
      park();
      const state = states.get(path);
      if (!state || state.doc.toString() === text) return;
      const transaction = {changes: {from: 0, to: state.doc.length, insert: text}};
      quiet = true;
      if (path === active) view.dispatch(transaction);
      else states.set(path, state.update(transaction).state);
      quiet = false;
    },
    /** Mark a line of the file that is shown, or none (0). */
    mark(line: number) {
      const at = line && line <= view.state.doc.lines ? view.state.doc.line(line).from : null;
      const marks = at === null ? Decoration.none : Decoration.set([Decoration.line({class: "cm-fault"}).range(at)]);
      view.dispatch({effects: setFault.of(marks)});
    },
    /** Put the cursor at the beginning of a line of the file that is shown. */
    goTo(line: number) {
      const at = view.state.doc.line(Math.min(line, view.state.doc.lines)).from;
      view.dispatch({selection: {anchor: at}, scrollIntoView: true});
      view.focus();
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}
