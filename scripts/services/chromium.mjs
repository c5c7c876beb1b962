import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const applications = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** A browser for the page tests; Playwright drives it. @type {import('../services.mjs').Service} */
export const chromium = {
  name: 'Chromium',
  without: 'the web client in a browser',
  packages: ['chromium'],
  atAddress: async () => at([process.env.CHROMIUM_PATH ?? '']),
  installed: async () => {
    const folders = (process.env.PATH ?? '').split(delimiter);
    return at([...names.flatMap((name) => folders.map((folder) => join(folder, name))), ...applications]);
  },
};

function at(paths) {
  const path = paths.find(executable);
  return path ? { env: { CHROMIUM_PATH: path }, how: path } : null;
}

function executable(path) {
  try {
    accessSync(path, constants.X_OK);
    return path !== '';
  } catch {
    return false;
  }
}
