import { homedir } from 'node:os';
import { join } from 'node:path';
import { Settings } from './settings.js';

export interface ConfigProblem {
  variable: string;
  problem: string;
}

/** The environment cannot be used; `problems` names every wrong variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: ConfigProblem[]) {
    super(['These settings are wrong:', ...problems.map((p) => `  ${p.variable}: ${p.problem}`)].join('\n'));
  }
}

/** The settings by topic; also the token they are injected by. */
export class Config {
  readonly http;
  readonly data;
  readonly database;
  readonly rabbitmq;
  readonly redis;
  /** The modules that this process runs; all when undefined. */
  readonly modules;
  readonly log;
  readonly auth;
  readonly chat;
  readonly models;
  readonly storage;
  readonly explore;
  readonly delivery;
  readonly inference;
  readonly notifications;
  /** Undefined: no traces. Headers, name and attributes are read from the environment by OpenTelemetry itself. */
  readonly tracing;
  readonly shutdownGraceMs: number;

  constructor(s: Settings) {
    this.http = {
      host: s.HOST,
      port: s.PORT,
      bodyLimitBytes: s.HTTP_BODY_LIMIT_BYTES,
      rateLimitPerMinute: s.HTTP_RATE_LIMIT,
      trustProxy: s.HTTP_TRUST_PROXY,
      metricsToken: s.HTTP_METRICS_TOKEN,
    };
    this.data = { dir: s.DATA_DIR };
    this.database = { url: s.DATABASE_URL ?? `pglite://${join(s.DATA_DIR, 'db')}` };
    this.rabbitmq = { url: s.RABBITMQ_URL };
    this.redis = { url: s.REDIS_URL };
    this.modules = s.PARLEY_MODULES;
    this.log = { level: s.LOG_LEVEL, format: s.LOG_FORMAT ?? (process.stdout.isTTY ? 'pretty' : 'json') } as const;
    this.auth = {
      adminEmail: s.AUTH_ADMIN_EMAIL,
      adminPassword: s.AUTH_ADMIN_PASSWORD,
      apiKey: s.AUTH_API_KEY,
      signUp: s.AUTH_SIGN_UP,
      secret: s.AUTH_SECRET,
      accessTtlSeconds: s.AUTH_ACCESS_TTL_SECONDS,
      refreshTtlDays: s.AUTH_REFRESH_TTL_DAYS,
    };
    this.chat = { maxMessageChars: s.CHAT_MAX_MESSAGE_CHARS, systemPrompt: s.CHAT_SYSTEM_PROMPT };
    this.models = { dir: s.MODELS_DIR ?? join(s.DATA_DIR, 'models') };
    this.storage = {
      url: s.STORAGE_URL ?? `folder://${this.models.dir}`,
      s3: {
        endpoint: s.S3_ENDPOINT,
        publicEndpoint: s.S3_PUBLIC_ENDPOINT,
        region: s.S3_REGION,
        accessKeyId: s.S3_ACCESS_KEY_ID,
        secretAccessKey: s.S3_SECRET_ACCESS_KEY,
        forcePathStyle: s.S3_FORCE_PATH_STYLE,
      },
    };
    this.explore = {
      sources: s.EXPLORE_SOURCES,
      modelFolder: s.EXPLORE_MODEL_FOLDER,
      ollamaFolders: s.EXPLORE_OLLAMA_FOLDER ? [s.EXPLORE_OLLAMA_FOLDER] : usualOllamaFolders(),
      autoInstall: s.EXPLORE_AUTO_INSTALL,
      hfEndpoint: s.HF_ENDPOINT,
      hfToken: s.HF_TOKEN,
      uploads: {
        maxBytes: s.EXPLORE_UPLOAD_MAX_MIB * 1_048_576,
        perUser: s.EXPLORE_UPLOADS_PER_USER,
        keptMs: s.EXPLORE_UPLOAD_HOURS * 3_600_000,
      },
      adaptersPerUser: s.EXPLORE_ADAPTERS_PER_USER,
    };
    this.delivery = {
      cdnUrl: s.DELIVERY_CDN_URL,
      presign: s.DELIVERY_PRESIGN,
      urlSeconds: s.DELIVERY_URL_SECONDS,
    };
    this.inference = {
      defaultModel: s.INFERENCE_DEFAULT_MODEL,
      threads: s.INFERENCE_THREADS,
      parallel: s.INFERENCE_PARALLEL,
      contextTokens: s.INFERENCE_CONTEXT_TOKENS,
      maxTokens: s.INFERENCE_MAX_TOKENS,
      temperature: s.INFERENCE_TEMPERATURE,
      memoryMib: s.INFERENCE_MEMORY_MIB,
      groupCommitMs: s.INFERENCE_GROUP_COMMIT_MS,
      exactContinuationTokens: s.INFERENCE_EXACT_CONTINUATION_TOKENS,
      idempotencyHours: s.INFERENCE_IDEMPOTENCY_HOURS,
      upstream: {
        name: s.INFERENCE_UPSTREAM_NAME,
        url: s.INFERENCE_UPSTREAM_URL,
        apiKey: s.INFERENCE_UPSTREAM_API_KEY,
        timeoutMs: s.INFERENCE_UPSTREAM_TIMEOUT_MS,
      },
    };
    this.notifications = {
      publicUrl: s.PUBLIC_URL,
      smtp: s.SMTP_URL && s.SMTP_FROM && s.PUBLIC_URL ? { url: s.SMTP_URL, from: s.SMTP_FROM } : undefined,
      emailGraceSeconds: s.NOTIFICATIONS_EMAIL_GRACE_SECONDS,
      emailsPerMinute: s.NOTIFICATIONS_EMAILS_PER_MINUTE,
    };
    this.tracing = s.OTEL_EXPORTER_OTLP_ENDPOINT
      ? {
          endpoint: s.OTEL_EXPORTER_OTLP_ENDPOINT,
          sampler: s.OTEL_TRACES_SAMPLER,
          ratio: s.OTEL_TRACES_SAMPLER_ARG,
        }
      : undefined;
    this.shutdownGraceMs = s.SHUTDOWN_GRACE_MS;
  }
}

/** Where Ollama keeps its library for a person, and as a service of Linux. */
const usualOllamaFolders = () => [
  join(homedir(), '.ollama', 'models'),
  '/usr/share/ollama/.ollama/models',
  '/var/lib/ollama/.ollama/models',
];

/** Neither is any use without the other. */
const pairs = [
  ['AUTH_ADMIN_EMAIL', 'AUTH_ADMIN_PASSWORD'],
  ['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'],
] as const;

/**
 * Reads the settings. An empty variable counts as unset.
 *
 * @throws ConfigError that names every wrong variable
 */
export function loadConfig(env: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const parsed = Settings.safeParse(given);
  const problems: ConfigProblem[] = parsed.success
    ? []
    : parsed.error.issues.map((issue) => ({ variable: String(issue.path[0]), problem: issue.message }));
  for (const [one, other] of [...pairs, ...pairs.map(([a, b]) => [b, a] as const)]) {
    if (given[one] && !given[other]) problems.push({ variable: other, problem: `is needed because ${one} is set` });
  }
  if (given['AUTH_API_KEY'] && !given['AUTH_ADMIN_EMAIL']) {
    problems.push({ variable: 'AUTH_API_KEY', problem: 'needs AUTH_ADMIN_EMAIL: it is a key of that administrator' });
  }
  for (const needed of ['SMTP_FROM', 'PUBLIC_URL'] as const) {
    if (given['SMTP_URL'] && !given[needed]) {
      problems.push({ variable: needed, problem: 'is needed because SMTP_URL is set' });
    }
  }
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return new Config(parsed.data);
}
