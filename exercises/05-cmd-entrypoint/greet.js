#!/usr/bin/env node
// greet NAME…            greets each of them
// greet --wait           waits until it is asked to stop, and says goodbye
const names = process.argv.slice(2);

if (names[0] === "--wait") {
  process.on("SIGTERM", () => {
    console.log("Goodbye.");
    process.exit(0);
  });
  console.log("Waiting.");
  setInterval(() => {}, 1000);
} else if (names.length === 0) {
  console.error("Error: nobody to greet.");
  process.exit(2);
} else {
  for (const name of names) console.log(`Good day, ${name}.`);
}
