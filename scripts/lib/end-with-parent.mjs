// Loaded into the server before anything else by `npm start`: a server whose starter was killed outright would go on
// unseen, and keep the port and the database.
const parent = process.ppid;
const watch = setInterval(() => {
  if (process.ppid === parent) return;
  clearInterval(watch);
  process.kill(process.pid, 'SIGTERM');
}, 500).unref();
