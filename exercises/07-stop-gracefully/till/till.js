// A till counts the day's money before it closes. That takes about three seconds.
const waiting = setInterval(() => {}, 1000);
process.once("SIGTERM", () => {
  console.log("till: counting");
  setTimeout(() => {
    console.log("till closed, nothing lost");
    clearInterval(waiting);
  }, 3000);
});
console.log("till open");
