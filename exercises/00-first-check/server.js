const http = require("node:http");

const text = `${process.env.GREETING} from a container\n`;
const server = http.createServer((request, response) => response.end(text));
server.listen(3000, () => console.log("listening on port 3000"));
process.on("SIGTERM", () => server.close());
