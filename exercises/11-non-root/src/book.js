import { constants } from "node:fs";
import { access, appendFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** A guest book: one name per line in a file of its own folder. */
export class Book {
  constructor(folder) {
    this.folder = folder;
    this.file = join(folder, "guests.txt");
  }

  async sign(name) {
    await mkdir(this.folder, { recursive: true });
    await appendFile(this.file, `${name}\n`);
  }

  async guests() {
    const text = await readFile(this.file, "utf8").catch(() => "");
    return text.split("\n").filter(Boolean);
  }

  /** Rejects where the folder is missing or may not be written. */
  async writable() {
    await access(this.folder, constants.W_OK);
  }
}
