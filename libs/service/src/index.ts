export { run } from './run.js';
export { type KnownInstance, ServiceDirectory, type ServingService } from './service-directory.js';
export { service, type ServiceOptions } from './service.js';
