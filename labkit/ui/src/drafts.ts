// What was typed but is not on the disk yet, and what to do when the disk has something newer.

import type {Editor} from "./editor.ts";
import type {Draft} from "./types.ts";

const SAVE_AFTER = 500; // ms without a key

/** The texts that were last agreed with the disk, against those in the editor. */
export function makeDrafts({editor, send, conflict}: {
  editor: Editor;
  send: (action: string, drafts: Draft[]) => void;
  conflict: (path: string, theirs: string) => void;
}) {
  const base = new Map<string, string>(); // path -> text that the editor's text was made from
  const held = new Map<string, string>(); // path -> the disk's text, where two versions wait for a decision
  let timer: number | undefined;

  const isDirty = (path: string) => editor.text(path) !== null && editor.text(path) !== base.get(path);

  /** Take what is unsaved, as the kernel wants it; from here on it counts as saved. */
  const take = () => {
    clearTimeout(timer);
    const drafts: Draft[] = [];
    for (const [path, before] of base) {
      if (held.has(path) || !isDirty(path)) continue;
      const text = editor.text(path) as string;
      drafts.push({path, text, base: before});
      base.set(path, text);
    }
    return drafts;
  };
  const save = () => {
    const drafts = take();
    if (drafts.length) send("save", drafts);
  };
  const hold = (path: string, theirs: string) => {
    held.set(path, theirs);
    conflict(path, theirs);
  };

  return {
    take,
    save,
    /** Ask again for a decision that is still to be made; false where there is none. */
    askAgain() {
      for (const [path, theirs] of held) {
        conflict(path, theirs);
        return true;
      }
      return false;
    },
    edited() {
      clearTimeout(timer);
      timer = window.setTimeout(save, SAVE_AFTER);
    },
    /** The disk's text as the kernel read it. */
    received(path: string, text: string) {
      if (editor.text(path) === text || editor.text(path) === null) base.set(path, text);
      else if (isDirty(path)) hold(path, text);
      else {
        base.set(path, text);
        editor.replace(path, text);
      }
    },
    /** The kernel did not save, since the disk has a text that this one was not made from. */
    refused: hold,
    settle(path: string, theirs: string, keepMine: boolean) {
      held.delete(path);
      base.set(path, theirs);
      if (!keepMine) editor.replace(path, theirs);
      save();
    },
    end() {
      save();
      clearTimeout(timer);
    },
  };
}
