// What the server says (labkit/workbench/routes.py), and how it is asked.

import {PageConfig, URLExt} from "@jupyterlab/coreutils";
import {ServerConnection} from "@jupyterlab/services";

export type Status = "to do" | "not yet" | "done" | "trouble";

export interface Exercise {
  slug: string;
  title: string;
  minutes: number;
  status: Status;
  sign: string;
  again: boolean;
  points: number;
  most: number;
  attempts: number;
  files: string[];
}

export interface Notebook {
  title: string;
  path: string;
  exercises: Exercise[];
}

export interface Standing {
  passed: number;
  count: number;
  points: number;
  most: number;
  next: string;
  notebooks: Notebook[];
}

export interface Container {
  id: string;
  name: string;
  state: string;
  status: string;
  image: string;
  ports: {host: number; container: number}[];
  cpu: number | null;
  memory: number | null;
  limit: number;
}

export interface Image {
  id: string;
  names: string[];
  size: number;
  course: boolean;
  used: boolean;
}

export interface World {
  containers: Container[];
  images: Image[];
}

type Key =
  | Status
  | ("course" | "continue" | "continue_caption" | "finished" | "progress" | "progress_caption" | "passed" | "next")
  | ("again" | "minutes" | "points" | "files" | "open_exercise" | "not_served" | "containers" | "containers_caption")
  | ("no_containers" | "no_images" | "images" | "stop" | "stop_one" | "remove" | "remove_one" | "logs" | "logs_one")
  | ("no_logs" | "port" | "through" | "through_one" | "cpu" | "memory" | "unnamed" | "in_use" | "changed" | "gone")
  | ("trouble_head" | "course_trouble" | "what_to_do" | "no_answer" | "no_answer_fix");

/** What went wrong, in the lab's three sentences. */
export class Trouble extends Error {
  constructor(
    readonly what: string,
    readonly why: string,
    readonly fix: string,
  ) {
    super(what);
  }
}

const settings = ServerConnection.makeSettings();

/** An address of the notebook's server. */
export const address = (...parts: string[]) => URLExt.join(settings.baseUrl, ...parts);

// The server puts them into the page; "" where its part of the lab is not there.
const given = PageConfig.getOption("labkitWords");
const words = (given ? JSON.parse(given) : {}) as Partial<Record<Key, string>>;

/** Whether the server has its part of the lab. */
export const served = given !== "";

/** A sentence in the learner's language, its {names} filled in. */
export const say = (key: Key, values: Record<string, string | number> = {}) =>
  (words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));

/** Ask the server. Throws Trouble. */
export const ask = async <Answer>(path: string, method = "GET"): Promise<Answer> => {
  let response: Response;
  try {
    response = await ServerConnection.makeRequest(address("labkit", "api", path), {method}, settings);
  } catch {
    throw new Trouble(say("no_answer"), "", say("no_answer_fix"));
  }
  const text = await response.text();
  if (response.ok) return (text ? JSON.parse(text) : undefined) as Answer;
  let told: Partial<Trouble> = {};
  try {
    told = JSON.parse(text) as Partial<Trouble>;
  } catch {
    // not one of ours: its status says what there is to say
  }
  throw new Trouble(told.what ?? `${response.status} ${response.statusText}`, told.why ?? "", told.fix ?? "");
};
