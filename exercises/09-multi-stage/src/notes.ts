export interface Note {
  id: number;
  text: string;
}

/** Notes in memory, newest first. */
export class Notes {
  private readonly notes: Note[] = [];

  add(text: string): Note {
    const note = { id: this.notes.length + 1, text: text.trim() };
    if (note.text === "") {
      throw new RangeError("a note needs some text");
    }
    this.notes.unshift(note);
    return note;
  }

  all(): readonly Note[] {
    return this.notes;
  }
}
