// What the kernel and the panel say to each other: the widget's traits and messages (labkit/ui/panel.py).

export type Status = "to do" | "not yet" | "done" | "trouble";

export interface File {
  path: string;
  text: string;
  language: string;
  open: string;
  by: string;
}

export interface Step {
  build: number;
  number: number;
  total: number;
  instruction: string;
  text: string;
  state: "running" | "made" | "reused" | "failed";
}

export interface Progress {
  text: string;
  done: number | null;
  total: number | null;
}

/** The names of the panel's words (labkit/ui/labels.py); what they say is the kernel's. */
export type Word =
  | Status
  | "check" | "hint" | "changes" | "solution" | "reset" | "check anew" | "course" | "exercises done" | "files" | "open"
  | "editor" | "help" | "stale" | "fault" | "hide" | "count" | "percent"
  | "ask reset" | "keep working" | "ask solution" | "show solution" | "keep trying" | "ask which" | "take theirs" | "keep mine"
  | "build" | "build failed" | "built again" | "step" | "running" | "made" | "reused" | "failed" | "silent yet" | "silent";

/** A word, with what its {placeholders} stand for. */
export type Say = (word: Word, values?: Record<string, string | number>) => string;

export interface Traits {
  words: Record<Word, string>;
  signs: Record<Status, string>;
  title: string;
  about: string;
  task_html: string;
  files: File[];
  status: Status;
  passed: boolean;
  busy: boolean;
  progress: Progress;
  message: {kind: string; head: string; html: string};
  findings_html: string;
  build: Step[];
  fault: {path: string; line: number};
  again: boolean;
  effort: string;
  sheet: {title: string; html: string};
  course: [number, number];
}

/** A text that was typed, with the one that it was made from. */
export interface Draft {
  path: string;
  text: string;
  base: string;
}

/** What the kernel sends to a view. */
export interface Message {
  refused?: string;
  view?: string;
  text?: string;
  sheet?: boolean;
}

/** The widget's model, as anywidget gives it. */
export interface Model {
  get<Name extends keyof Traits>(name: Name): Traits[Name];
  send(content: {action: string; view: string; drafts: Draft[]}): void;
  on(event: "msg:custom", callback: (content: Message) => void): void;
  on(event: `change:${keyof Traits}`, callback: () => void): void;
  off(event: "msg:custom", callback: (content: Message) => void): void;
  off(event: `change:${keyof Traits}`, callback: () => void): void;
}
