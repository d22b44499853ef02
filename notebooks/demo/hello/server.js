const http = require("node:http");

const server = http.createServer((request, response) => response.end("Hello from a container\n"));
server.listen(3000, () => console.log("listening on port 3000"));
process.on("SIGTERM", () => server.close(() => console.log("closed")));
