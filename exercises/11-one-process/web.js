const { createServer } = require("node:http");

const server = createServer((_, reply) => reply.end("Where is your parcel?\n"));
server.listen(3000, () => console.log("web is up"));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
