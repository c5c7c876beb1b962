import { run } from '@app/service';
import { product } from './app.module.js';

export const running = run(product);
