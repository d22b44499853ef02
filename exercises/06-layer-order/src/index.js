import express from "express";
import { dishOf } from "./menu.js";

const port = Number(process.env.PORT ?? 3000);
const app = express();

app.use(express.static("public"));

app.get("/today", (request, response) => {
  response.json({ dish: dishOf(new Date().getDay()) });
});

app.get("/health", (request, response) => {
  response.json({ status: "ok" });
});

const server = app.listen(port, () => {
  console.log(`lunch-menu listens on port ${port}`);
});

process.on("SIGTERM", () => server.close());
