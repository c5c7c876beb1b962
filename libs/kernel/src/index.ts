export * from './aggregate-root.js';
export * from './clock.js';
export * from './domain-error.js';
export * from './ids.js';
