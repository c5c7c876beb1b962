export * from './queries.js';
export * from './views.js';
