import { faker } from "@faker-js/faker";
import { describe, expect, it } from "vitest";
import { Notes } from "./notes";

describe("Notes", () => {
  it("keeps the newest first", () => {
    const notes = new Notes();
    const [first, second] = [faker.lorem.sentence(), faker.lorem.sentence()];
    notes.add(first);
    notes.add(second);
    expect(notes.all().map((note) => note.text)).toEqual([second, first]);
  });

  it("refuses a note without text", () => {
    expect(() => new Notes().add("  ")).toThrow(RangeError);
  });
});
