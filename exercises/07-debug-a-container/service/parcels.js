const http = require("node:http");
const { readFileSync } = require("node:fs");

const { port } = JSON.parse(readFileSync("/etc/parcels.json", "utf8"));

/** Each time anew: the tariffs may change while the service runs. */
function price(grams) {
  const tariffs = JSON.parse(readFileSync(process.env.TARIFFS ?? "", "utf8"));
  return tariffs.find(([most]) => grams <= most)?.[1];
}

/** The parcels of this morning: numbers and grams, the same each day. */
function* parcels() {
  let state = 20260107;
  for (let count = 0; count < 60; count += 1) {
    state = (state * 1103515245 + 12345) % 2147483648;
    yield [`PX-${10000 + (Math.floor(state / 65536) % 90000)}`, 100 + (Math.floor(state / 16) % 4800)];
  }
}

let place = 0;
let stuck = "";
for (const [number, grams] of parcels()) {
  place += 1;
  if (place < 38) {
    console.log(`weighed ${number}: ${grams} g, was paid at the counter`);
  } else if (stuck) {
    console.log(`queued ${number}: ${grams} g, waits`);
  } else {
    try {
      console.log(`weighed ${number}: ${grams} g, ${price(grams)} cents`);
    } catch (error) {
      stuck = number;
      console.error(`ERROR ${number}: ${grams} g, no price: the tariffs cannot be read (${error.code})`);
    }
  }
}

const server = http.createServer((request, response) => {
  const grams = Number(new URL(request.url, "http://parcels").searchParams.get("grams") ?? 1);
  try {
    response.end(`${JSON.stringify({ grams, cents: price(grams) })}\n`);
  } catch {
    response.statusCode = 503;
    response.end("no price today\n");
  }
});
server.listen(port);
process.on("SIGTERM", () => server.close());
