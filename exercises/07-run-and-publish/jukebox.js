const http = require("node:http");

const songs = ["Blue Monday", "Golden Brown", "Paint It Black", "Purple Rain", "Yellow Submarine"];
const port = Number(process.env.PORT ?? 3000);
const host = process.env.HOST ?? "127.0.0.1";
const room = process.env.ROOM ?? "an empty room";

if (process.argv.includes("--self-test")) {
  const bad = songs.filter((song) => song !== song.trim() || song === "");
  console.log(`self-test: ${songs.length - bad.length} songs good, ${bad.length} bad`);
  process.exit(bad.length);
}

const server = http.createServer((request, response) => {
  const song = songs[new Date().getMinutes() % songs.length];
  response.end(`The jukebox in the ${room} plays ${song}\n`);
});
server.listen(port, host, () => console.log(`the jukebox listens on ${host}:${port}`));
process.on("SIGTERM", () => server.close(() => console.log("the jukebox falls silent")));
