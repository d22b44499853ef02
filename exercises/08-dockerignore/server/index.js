import { readFileSync } from "node:fs";
import express from "express";

const read = (name) => readFileSync(new URL(name, import.meta.url), "utf8");
const books = JSON.parse(read("catalog.json"));
const welcome = read("welcome.md").trim();

const port = Number(process.env.PORT ?? 3000);
const app = express();

app.use("/pictures", express.static("public"));

app.get("/", (request, response) => {
  const lines = books.map((book) => `- ${book.title}, ${book.author}`);
  response.type("text/plain").send(`${welcome}\n\n${lines.join("\n")}\n`);
});

const server = app.listen(port, () => {
  console.log(`reading-room listens on port ${port}`);
});

process.on("SIGTERM", () => server.close());
