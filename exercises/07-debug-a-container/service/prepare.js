// Writes the settings and the tariffs. What they are called cannot be read here: look into the container.
const { createHash } = require("node:crypto");
const { writeFileSync, mkdirSync } = require("node:fs");

const digest = (word) => createHash("sha256").update(word).digest();
const port = 4000 + (digest("the port").readUInt16BE() % 5000);
const cents = [500, 1000, 2000, 5000].map((grams, step) => [grams, 200 + 150 * step + (digest("a price")[step] % 90)]);

mkdirSync("/srv/tariffs", { recursive: true });
writeFileSync(`/srv/tariffs/${digest("this year").toString("hex").slice(0, 8)}.json`, JSON.stringify(cents));
writeFileSync("/etc/parcels.json", JSON.stringify({ port }));
