import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { atVariable, inCompose } from '../lib/provided.mjs';
import { run } from '../lib/run.mjs';
import { freePort, throwAway, unprivileged } from '../lib/throw-away.mjs';

/**
 * A broker in which the tests make virtual hosts of their own, over its management API.
 * @type {import('../services.mjs').Service}
 */
export const rabbitmq = {
  name: 'RabbitMQ',
  without: 'the RabbitMQ transport, and the product as one process a module (it runs as a single process alone)',
  packages: ['rabbitmq-server'],
  async atAddress() {
    const api = process.env.TEST_RABBITMQ_API_URL;
    const found = await atVariable('TEST_RABBITMQ_URL', 5672);
    return found && { ...found, env: { ...found.env, ...(api && { TEST_RABBITMQ_API_URL: api }) } };
  },
  async inCompose(compose) {
    const found = await inCompose(compose, 'rabbitmq', 5672, (port) => ({ port }));
    const { output } = await compose(['port', 'rabbitmq', '15672']);
    const apiPort = /127\.0\.0\.1:(\d+)/.exec(output)?.[1];
    return found && apiPort ? { ...found, env: envAt(found.env.port, apiPort) } : null;
  },
  async installed() {
    // The package's own wrapper on the PATH insists on its own folders.
    const folders = ['/usr/lib/rabbitmq/bin', ...(process.env.PATH ?? '').split(delimiter)];
    const bin = folders.find((folder) => existsSync(join(folder, 'rabbitmq-server')));
    return bin ? throwAwayBroker(bin) : null;
  },
};

async function throwAwayBroker(bin) {
  const folder = mkdtempSync(join(tmpdir(), 'parley-rabbitmq-'));
  const [port, apiPort, distPort] = [await freePort(), await freePort(), await freePort()];
  const config = [
    `listeners.tcp.1 = 127.0.0.1:${port}`,
    'management.tcp.ip = 127.0.0.1',
    `management.tcp.port = ${apiPort}`,
    'vm_memory_high_watermark.relative = 0.8',
    'disk_free_limit.absolute = 50MB',
  ];
  writeFileSync(join(folder, 'rabbitmq.conf'), `${config.join('\n')}\n`);
  writeFileSync(join(folder, 'enabled_plugins'), '[rabbitmq_management].\n');
  mkdirSync(join(folder, 'log'));
  const user = await unprivileged('rabbitmq');
  if (user.uid !== undefined) await run('chown', ['-R', `${user.uid}:${user.gid}`, folder], { quiet: true });

  const env = {
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    HOME: folder,
    LANG: 'C.UTF-8',
    RABBITMQ_NODENAME: `parley${port}@localhost`,
    RABBITMQ_DIST_PORT: String(distPort),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    // One process that signals reach, instead of a shell around it.
    RUNNING_UNDER_SYSTEMD: 'true',
    // Idle schedulers sleep instead of spinning: the suites need the cores. A broker that was killed while it moved a
    // message on (a retry that was due) tries that again after 3 minutes unless told.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
      '+sbwt none +sbwtdcpu none +sbwtdio none -rabbit dead_letter_worker_publisher_confirm_timeout 5000',
  };
  const stop = await throwAway({
    name: 'RabbitMQ broker',
    folder,
    command: join(bin, 'rabbitmq-server'),
    args: [],
    options: { ...user, env },
    ready: () => answers(`http://127.0.0.1:${apiPort}/api/overview`),
    limitMs: 60_000,
  });
  return stop && { env: envAt(port, apiPort), how: `a throw-away broker on port ${port}`, stop };
}

async function answers(url) {
  try {
    return (await fetch(url, { headers: { authorization: `Basic ${btoa('guest:guest')}` } })).ok;
  } catch {
    return false; // Not yet.
  }
}

const envAt = (port, apiPort) => ({
  TEST_RABBITMQ_URL: `amqp://guest:guest@127.0.0.1:${port}`,
  TEST_RABBITMQ_API_URL: `http://guest:guest@127.0.0.1:${apiPort}`,
});
