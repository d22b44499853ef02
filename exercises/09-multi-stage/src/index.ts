import express from "express";
import { Notes } from "./notes";

const port = Number(process.env.PORT ?? 3000);
const notes = new Notes();
const app = express();

app.use(express.json());

app.get("/notes", (_request, response) => {
  response.json(notes.all());
});

app.post("/notes", (request, response) => {
  try {
    response.status(201).json(notes.add(String(request.body.text ?? "")));
  } catch (error) {
    response.status(400).json({ reason: (error as Error).message });
  }
});

app.get("/health", (_request, response) => {
  response.json({ status: "ok" });
});

const server = app.listen(port, () => {
  console.log(`notes-api listens on port ${port}`);
});

process.on("SIGTERM", () => server.close());
