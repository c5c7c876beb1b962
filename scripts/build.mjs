// Builds the server (dist/) and the web client (apps/web/dist/), when their sources have changed.
import { say } from './lib/say.mjs';
import { orExit, setUp } from './lib/set-up.mjs';

await orExit(setUp);
say('everything is built');
