export { encodeGguf, writeGguf, type GgufTensor, type GgufValue } from './gguf-writer.js';
export { encodeLitertlm, type LitertlmSection } from './litertlm-writer.js';
export { encodeSafetensors, withHeader, type SafetensorsTensor } from './peft-writer.js';
export { tinyAdapter, type TinyAdapterOptions } from './tiny-adapter.js';
export { tinySentence, writeTinyGguf, type TinyGgufOptions } from './tiny-gguf.js';
export * from './test-database.js';
export { type FakeHub, type HubAnswer, serveBytes, type ServeOptions, startFakeHub } from './fake-hub.js';
export {
  startStubUpstream,
  type StubFailure,
  type StubRequest,
  type StubUpstream,
  type StubUpstreamOptions,
} from './stub-upstream.js';
export { NetworkPath } from './network-path.js';
export {
  type MailAnswer,
  type MailServer,
  type MailServerOptions,
  type ReceivedMail,
  startMailServer,
} from './mail-server.js';
export { zip } from './zip-writer.js';
export { type CollectedSpan, startTraceCollector, type TraceCollector } from './trace-collector.js';
