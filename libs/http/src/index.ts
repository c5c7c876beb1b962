export { CurrentActor, Public, Roles, Scopes } from './access.js';
export { Authenticator } from './authenticator.js';
export { createApp, type HttpOptions } from './create-app.js';
export { type HealthCheck, HealthChecks } from './health-checks.js';
export { openApiDocument, Returns, ReturnsEvents } from './open-api.js';
export { errorOf, openAiErrorOf, Problem, problemOf, statusOf } from './problem.js';
export { StrictRateLimit } from './rate-limit.js';
export { type EventSource, sendEvents, type SendEventsOptions, type SseEvent } from './send-events.js';
export { serve, urlOf } from './serve.js';
