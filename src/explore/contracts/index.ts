export * from './adapters.js';
export * from './browser-models.js';
export * from './commands.js';
export * from './events.js';
export * from './files.js';
export * from './queries.js';
export * from './uploads.js';
export * from './views.js';
