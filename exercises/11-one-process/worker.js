const timer = setInterval(() => console.log("label printed"), 1000);
process.on("SIGTERM", () => {
  clearInterval(timer);
  console.log("worker closed");
});
