node worker.js &
node web.js &
wait
