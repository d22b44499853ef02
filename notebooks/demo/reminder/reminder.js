const ms = require("ms");

const { OWNER } = process.env;
if (!OWNER) {
  console.error("Error: whom to remind? The variable OWNER is not set.");
  process.exit(1);
}
console.log(`Remind ${OWNER} in ${ms("2 weeks")} milliseconds.`);
