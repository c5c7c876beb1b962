export * from './config.js';
export * from './config.module.js';
export { Settings } from './settings.js';
