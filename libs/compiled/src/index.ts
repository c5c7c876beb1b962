export { runCompiled } from './run-compiled.js';
