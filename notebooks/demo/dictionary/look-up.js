// What you work on all day: prints the words that begin with a letter.
const index = require("./index.json");

console.log((index[process.argv[2] ?? "c"] ?? []).join(", "));
