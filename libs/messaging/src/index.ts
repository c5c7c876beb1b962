export * from './message.js';
export * from './context.js';
export * from './decorators.js';
export * from './message-bus.js';
export * from './messaging.module.js';
export * from './transport.js';
export { HandlerRegistry } from './handler-registry.js';
export type { MessagingOptions } from './options.js';
export * from './message-catalogue.js';
