// Run by hand, on the librarian's own computer: asks the publisher for new books.
import { readFileSync } from "node:fs";
import { parse } from "csv";

console.log(parse(readFileSync("new-books.csv", "utf8")).length, "new books");
