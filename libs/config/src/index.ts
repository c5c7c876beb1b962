export * from './config.js';
export * from './config.module.js';
export { serverSecret } from './server-secret.js';
export { Settings } from './settings.js';
export { moduleExtension, productPath, productVersion } from './product-path.js';
