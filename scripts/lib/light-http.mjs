// Plugins of the bundle that leave out what nobody here uses of HTTP, and what every start would load all the same.
import http from 'node:http';
import { join } from 'node:path';
import { root } from './run.mjs';

const HTTP = '\0node:http';

/**
 * An import of node:http reads each of its exports, and some of them (WebSocket and its events) load all of Node's own fetch
 * when they are read: 40 ms of a start. Nobody here uses them.
 */
export const httpWithoutFetch = {
  name: 'http-without-fetch',
  resolveId(source, _, { kind }) {
    return /^(node:)?http$/.test(source) && kind === 'import-statement' ? HTTP : null;
  },
  load(id) {
    if (id !== HTTP) return null;
    const names = Object.entries(Object.getOwnPropertyDescriptors(http)).flatMap(([name, { get }]) =>
      get ? [] : [name],
    );
    return `const http = process.getBuiltinModule('node:http');
      export default http;
      export const { ${names.join(', ')} } = http;`;
  },
};

const UNDICI = '\0undici';

/** Of undici's 110 files we use the 22 of its connections; its index loads a fetch of its own, web sockets and caches with them. */
export const undiciWithoutFetch = {
  name: 'undici-without-fetch',
  resolveId: (source, importer) => (source === 'undici' && importer !== UNDICI ? UNDICI : null),
  load(id) {
    if (id !== UNDICI) return null;
    const part = (path) => JSON.stringify(join(root, 'node_modules/undici/lib', path));
    return `import Dispatcher from ${part('dispatcher/dispatcher.js')};
      import api from ${part('api/index.js')};
      import errors from ${part('core/errors.js')};
      export { default as Agent } from ${part('dispatcher/agent.js')};
      export { default as Pool } from ${part('dispatcher/pool.js')};
      Object.assign(Dispatcher.prototype, api);
      export { errors };`;
  },
};

const HTTP2 = '\0node:http2';
const UNDICI_HTTP2 = '\0undici-http2:';

/** Fastify and undici load node:http2 in case somebody speaks it: some 9 ms. It is loaded when somebody does. */
export const http2WhenUsed = {
  name: 'http2-when-used',
  resolveId(source, importer, { kind }) {
    if (/^(node:)?http2$/.test(source) && importer?.includes('/fastify/') && kind === 'require-call') return HTTP2;
    if (source === './client-h2.js' && importer?.includes('/undici/'))
      return UNDICI_HTTP2 + join(importer, '..', source);
    return null;
  },
  load(id) {
    if (id === HTTP2)
      return `module.exports = new Proxy({}, { get: (_, name) => process.getBuiltinModule('node:http2')[name] });`;
    if (!id.startsWith(UNDICI_HTTP2)) return null;
    return `module.exports = (...given) => require(${JSON.stringify(id.slice(UNDICI_HTTP2.length))})(...given);`;
  },
};
