const { createHmac } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { createServer } = require("node:http");

function token() {
  if (process.env.API_TOKEN) return process.env.API_TOKEN;
  const file = process.env.API_TOKEN_FILE || `${__dirname}/.env`;
  return readFileSync(file, "utf8").trim().replace(/^API_TOKEN=/, "");
}

const said = "Rain until noon.";
const signed = createHmac("sha256", token()).update(said).digest("hex").slice(0, 12);
const server = createServer((_, reply) => reply.end(`${said} (${signed})\n`));
server.listen(3000, () => console.log("listening"));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
