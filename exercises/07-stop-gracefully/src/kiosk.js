const http = require("node:http");

const server = http.createServer((request, response) => response.end("One newspaper, please\n"));
server.listen(3000, () => console.log("kiosk open"));

function close(signal) {
  console.log(`kiosk: ${signal}, no more customers`);
  server.close(() => {
    console.log("kiosk closed");
    process.exit(0);
  });
}

process.on("SIGTERM", close);
process.on("SIGINT", close);
