// Prints a ticket. The time and the price are written as is usual where the program runs.
import { readFileSync } from "node:fs";

const { FARES, PASSENGERS = "1" } = process.env;
if (!FARES) {
  console.error("Error: no fares. The variable FARES must name the file that holds them.");
  process.exit(1);
}

const { route, departs, fare } = JSON.parse(readFileSync(FARES, "utf8"));
const when = new Date(departs).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
const price = (fare * Number(PASSENGERS)).toLocaleString(undefined, { minimumFractionDigits: 2 });

console.log(route);
console.log(when);
console.log(`${PASSENGERS} x ${fare.toLocaleString(undefined, { minimumFractionDigits: 2 })} = ${price} EUR`);
