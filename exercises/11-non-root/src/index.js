import express from "express";
import { Book } from "./book.js";

const port = Number(process.env.PORT ?? 3000);
const book = new Book(process.env.DATA_DIR ?? "/app/data");
const app = express();

app.get("/", async (request, response) => {
  response.json({ guests: await book.guests() });
});

app.post("/sign/:name", async (request, response) => {
  try {
    await book.sign(request.params.name);
    response.status(201).json({ guests: await book.guests() });
  } catch (error) {
    response.status(503).json({ status: "broken", reason: error.message });
  }
});

app.get("/health", async (request, response) => {
  try {
    await book.writable();
    response.json({ status: "ok" });
  } catch (error) {
    response.status(503).json({ status: "broken", reason: error.message });
  }
});

const server = app.listen(port, () => {
  console.log(`guest-book listens on port ${port}`);
});

process.on("SIGTERM", () => {
  console.log("guest-book closes");
  server.close();
});
