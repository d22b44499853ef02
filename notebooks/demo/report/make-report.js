// Needs Node.js to run; what it makes needs nothing.
const fs = require("node:fs");

const rows = fs.readFileSync("sales.csv", "utf8").trim().split("\n").slice(1);
const lines = rows.map((row) => row.split(",")).map(([fruit, crates]) => `${fruit.padEnd(8)}${"#".repeat(crates)}`);
fs.writeFileSync("report.txt", `${lines.join("\n")}\n`);
