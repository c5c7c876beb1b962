export * from './database.js';
export * from './event-store.js';
export { migrate } from './migrate.js';
export * from './persistence.module.js';
export { initFolder } from './pglite.js';
export * from './projection.js';
export * from './projections.js';
