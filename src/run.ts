import { run } from '@app/service';
import { product } from './app.module.js';

await run(product);
