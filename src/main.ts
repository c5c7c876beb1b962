async function start(): Promise<void> {
  // With arguments it does something else than serve, perhaps without a database.
  if (process.argv.length === 2) {
    const { begin } = await import('./begin.js');
    await begin();
  }
  const { running: serving } = await import('./run.js');
  await serving;
}

export const running = start();
