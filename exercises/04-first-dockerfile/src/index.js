import express from "express";
import { nextBus } from "./timetable.js";

const port = Number(process.env.PORT ?? 3000);
const host = process.env.HOST ?? "0.0.0.0";
const app = express();

app.get("/", (request, response) => {
  const now = new Date().toTimeString().slice(0, 5);
  response.json({ next: nextBus(request.query.from ?? now) });
});

app.get("/health", (request, response) => {
  response.json({ status: "ok" });
});

const server = app.listen(port, host, () => {
  console.log(`bus-stop listens on ${host}:${port}`);
});

process.on("SIGTERM", () => server.close());
