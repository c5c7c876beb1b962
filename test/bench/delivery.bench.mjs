// A file through the product: its bytes by `/files/<sha256>` against nginx with the same file, and bringing it here by
// uploading and taking it as a model against `cp` and `sha256sum`. Read and sent by the same client (curl) each time.
import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, openSync, closeSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { authorization, get, median, parley, post, ratio, report, round, skip, start, tempDir } from './lib/bench.mjs';
import { webModelHead } from './lib/web-model.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 7);
const MIB = 2 ** 20;
const SIZE = Number(process.env.SIZE_MIB ?? 256) * MIB;
const run = promisify(execFile);
const nginx = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/bin/nginx'].find((path) =>
  statSync(path, { throwIfNoEntry: false }),
);
const folder = tempDir();
const file = join(folder, 'model.bin');

/** A model for browsers: a head that says so, and noise. */
function writeModel() {
  const out = openSync(file, 'w');
  writeSync(out, webModelHead());
  const noise = randomBytes(MIB);
  for (let at = MIB; at < SIZE; at += MIB) {
    noise.writeUInt32LE(at / MIB, 16);
    writeSync(out, noise);
  }
  closeSync(out);
}

async function timed(work) {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function startNginx() {
  const port = await freePort();
  const work = join(folder, 'nginx');
  mkdirSync(work);
  writeFileSync(
    join(folder, 'nginx.conf'),
    `${process.getuid?.() === 0 ? 'user root;' : ''} daemon off; master_process off; pid ${work}/pid; error_log ${work}/error;
     events {}
     http { access_log off; sendfile on; client_body_temp_path ${work}; proxy_temp_path ${work}; fastcgi_temp_path ${work};
       uwsgi_temp_path ${work}; scgi_temp_path ${work};
       server { listen 127.0.0.1:${port}; location / { root ${folder}; } } }`,
  );
  start(nginx, ['-e', `${work}/error`, '-c', join(folder, 'nginx.conf')]);
  const url = `http://127.0.0.1:${port}/model.bin`;
  for (let tries = 0; tries < 50; tries++) {
    if (
      await fetch(url, { method: 'HEAD' }).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return url;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return null;
}

const curl = (...args) => run('curl', ['-sSf', '-o', '/dev/null', ...args]);

async function upload(url) {
  const headers = { ...authorization, 'upload-length': String(SIZE), 'tus-resumable': '1.0.0' };
  const made = await fetch(`${url}/api/uploads`, { method: 'POST', headers });
  const id = made.headers.get('location').split('/').at(-1);
  await curl(
    ...[
      '-X',
      'PATCH',
      '-H',
      `authorization: ${authorization.authorization}`,
      '-H',
      'upload-offset: 0',
      '-H',
      'Expect:',
    ],
    ...['-H', 'content-type: application/offset+octet-stream', '-T', file, `${url}/api/uploads/${id}`],
  );
  return id;
}

try {
  execFileSync('curl', ['--version']);
} catch {
  skip('there is no curl');
}
writeModel();
const server = parley();
const url = await server.url();

const [uploads, installs, copies] = [[], [], []];
let model;
for (let turn = 0; turn < Math.min(3, ROUNDS); turn++) {
  if (model) await fetch(`${url}/api/explore/browser-models/${model.id}`, { method: 'DELETE', headers: authorization });
  let uploadId;
  uploads.push(await timed(async () => (uploadId = await upload(url))));
  installs.push(
    await timed(async () => {
      const body = { id: `bench-${turn}`, name: 'Bench', uploadId };
      model = await (await post(url, '/api/explore/browser-models', body)).json();
    }),
  );
  copies.push(
    await timed(async () => {
      await run('cp', [file, join(folder, 'copy')]);
      await run('sync', [join(folder, 'copy')]);
      await run('sha256sum', [join(folder, 'copy')]);
      rmSync(join(folder, 'copy'));
    }),
  );
}
const { url: link } = await get(url, `/api/files/${model.digest}`);

const rival = nginx ? await startNginx() : null;
const [ours, theirs] = [[], []];
for (let turn = 0; turn < ROUNDS; turn++) {
  ours.push(await timed(() => curl(url + link)));
  if (rival) theirs.push(await timed(() => curl(rival)));
}
const speed = (ms) => `${round(SIZE / MIB / (ms / 1000), 0)} MiB/s`;
report(`${SIZE / MIB} MiB, medians of ${ROUNDS}`, [
  { what: 'download from Parley', value: speed(median(ours)) },
  ...(rival
    ? [
        { what: 'download from nginx', value: speed(median(theirs)) },
        { what: 'throughput, ratio', value: ratio(theirs, ours) },
      ]
    : [{ what: 'nginx', value: 'skipped: not installed, or it did not start' }]),
  { what: 'upload', value: speed(median(uploads)) },
  { what: 'taken as a model', value: speed(median(installs)) },
  { what: 'cp, sync and sha256sum', value: speed(median(copies)) },
  {
    what: 'time to bring it here, ratio',
    value: ratio(
      uploads.map((took, at) => took + installs[at]),
      copies,
    ),
  },
]);
await server.kill('SIGTERM');
process.exit(0);
