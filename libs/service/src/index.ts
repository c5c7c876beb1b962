export { run } from './run.js';
export { service } from './service.js';
