import express from "express";
import { after } from "./ships";

const port = Number(process.env.PORT ?? 3000);
const host = process.env.HOST ?? "0.0.0.0";
const app = express();

app.get("/ships", (request, response) => {
  response.json(after(Number(request.query.hour ?? 0)));
});

app.get("/health", (_request, response) => {
  response.json({ status: "ok" });
});

const server = app.listen(port, host, () => {
  console.log(`harbor-board listens on ${host}, port ${port}`);
});

process.on("SIGTERM", () => server.close(() => console.log("harbor-board has closed")));
