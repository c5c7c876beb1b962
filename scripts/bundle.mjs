// Puts what `nest build` made into few files; `npm run build` does both. A process of its own, on Node 24.
import { bundle } from './lib/bundle.mjs';

await bundle();
