/** The shapes of Parley's HTTP API, as the server's OpenAPI document names them. */

export interface UserView {
  id: string;
  email: string;
  /** Empty if the person gave none. */
  name: string;
  role: 'admin' | 'user';
  createdAt: string;
}

export interface SessionView {
  accessToken: string;
  expiresAt: string;
  user: UserView;
}

export interface SetupView {
  hasUsers: boolean;
  signUpOpen: boolean;
}

export interface ChatLimits {
  maxMessageChars: number;
}

export const SCOPES = ['inference', 'chat', 'explore', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

export interface ApiKeyView {
  id: string;
  name: string;
  scopes: Scope[];
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
  /** The first characters of the key, to tell one from another. */
  prefix: string;
}

export interface CreatedApiKey extends ApiKeyView {
  key: string;
}

export interface ConversationSummary {
  id: string;
  title: string;
  createdAt: string;
  updatedAt: string;
}

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

export interface AnswerError {
  code: string;
  message: string;
}

export interface AnswerMetadata {
  engine: string;
  model: string;
  modelDigest: string | null;
  adapterDigests: string[];
  /** Absent in answers of older versions. */
  adapters?: { id: string; name: string; version: number; scale: number; digest: string }[];
  sampler: { temperature: number; topP: number; topK: number; minP: number; seed: number; maxTokens: number };
  promptTokens: number;
  completionTokens: number;
  cachedPromptTokens: number;
  timeToFirstTokenMs: number | null;
  tokensPerSecond: number | null;
  finishReason: 'stop' | 'length' | 'stopped' | 'error';
  continuations: number;
  continuationMode: 'none' | 'exact' | 'fast';
  /** Of an answer that a browser made. */
  browser?: { runtime: 'mediapipe' | 'wllama'; startedAt: string; finishedAt: string };
}

export type FinalStatus = 'complete' | 'stopped' | 'failed';

export interface MessageView {
  id: string;
  conversationId: string;
  parentId: string | null;
  role: 'user' | 'assistant';
  text: string;
  status: FinalStatus | 'pending';
  /** A pending answer of a browser has no stream. */
  runsIn: 'server' | 'browser';
  model: string | null;
  error: AnswerError | null;
  metadata: AnswerMetadata | null;
  createdAt: string;
}

export interface ConversationView extends ConversationSummary {
  messages: MessageView[];
}

export interface SentMessage {
  message: MessageView;
  answer: MessageView;
}

export type GenerationPhase =
  { phase: 'queued'; position: number } | { phase: 'loading'; progress: number } | { phase: 'generating' };

export interface ModelView {
  id: string;
  name: string;
  engine: 'llama-cpp' | 'openai-compatible';
  default: boolean;
  digest: string | null;
  contextLength: number | null;
  sizeBytes: number | null;
}

/** Where the bytes of a model or an adapter are now. */
export interface FileView {
  sha256: string;
  name: string;
  sizeBytes: number;
  url: string;
  expiresAt: string;
}

export type InstallStatus = 'queued' | 'downloading' | 'verifying' | 'installed' | 'cancelled' | 'failed';

export interface InstallView {
  id: string;
  catalogueId: string;
  name: string;
  status: InstallStatus;
  source: string | null;
  receivedBytes: number;
  totalBytes: number;
  error: AnswerError | null;
  createdAt: string;
  updatedAt: string;
}

export interface CatalogueEntryView {
  id: string;
  name: string;
  description: string;
  license: string | null;
  /** Count of weights. */
  parameters: number;
  quantization: string;
  contextLength: number;
  sizeBytes: number;
  digest: string | null;
  default: boolean;
  installed: boolean;
  install: InstallView | null;
}

export interface InstalledModelView {
  id: string;
  name: string;
  digest: string;
  sizeBytes: number;
  architecture: string;
  contextLength: number;
  license: string | null;
  default: boolean;
  installedAt: string;
}

export type NotificationTopic = 'security' | 'answers' | 'models' | 'accounts';

export interface NotificationView {
  id: string;
  kind: string;
  title: string;
  text: string;
  /** Page that it is about. */
  path: string | null;
  conversationId: string | null;
  createdAt: string;
  readAt: string | null;
}

export interface NotificationPage extends Page<NotificationView> {
  unreadCount: number;
}

export interface NotificationPreference {
  topic: NotificationTopic;
  inPage: boolean;
  email: boolean;
}

export interface NotificationPreferences {
  emailAvailable: boolean;
  email: string | null;
  items: NotificationPreference[];
}

export interface EmailView {
  id: string;
  address: string;
  subject: string;
  attempts: number;
  error: string | null;
  createdAt: string;
}
