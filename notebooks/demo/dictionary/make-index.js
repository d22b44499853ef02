// The slow step: reads words.txt and writes index.json, the words by their first letter.
const crypto = require("node:crypto");
const fs = require("node:fs");

const words = fs.readFileSync("words.txt", "utf8").split("\n").filter(Boolean);
const index = {};
for (const word of words) {
  (index[word[0]] ??= []).push(word);
  crypto.scryptSync(word, "a fingerprint that takes its time", 32, { p: 3 });
}
fs.writeFileSync("index.json", JSON.stringify(index));
console.log(`${words.length} words in the index`);
