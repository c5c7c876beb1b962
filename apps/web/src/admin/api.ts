import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { queryClient } from '../api/queries.js';
import { api } from '../api/session.js';
import type { AnswerError, Page, UserView } from '../api/views.js';

/** The administration's part of Parley's HTTP API, as the server's OpenAPI document names it. */

export interface Actor {
  userId: string;
  role: string;
}

export interface Overview {
  version: string;
  nodeVersion: string;
  events: { total: number; lastDay: number; unpublished: number };
  deliveries: { waiting: number; parked: number };
}

export interface Instance {
  id: string;
  service: string;
  version: string;
  modules: string[];
  /** Modules that it serves over HTTP. */
  http: string[];
  host: string;
  pid: number;
  startedAt: string;
  lastBeat: string;
  alive: boolean;
  load: { eventLoopLagMs: number; residentBytes: number; cpuShare: number; runningRequests: number | null };
}

export interface InstanceList {
  /** The server's clock when it looked: that of this machine may be wrong. */
  at: string;
  modules: { name: string; alive: number }[];
  items: Instance[];
}

export interface Queue {
  queue: string;
  waiting: number;
  running: number;
  parked: number;
}

export interface ParkedMessage {
  id: string;
  queue: string;
  type: string;
  messageId: string;
  correlationId: string;
  actor: Actor | null;
  sentAt: string;
  parkedAt: string;
  attempts: number;
  error: AnswerError;
  data: unknown;
}

export interface AuditEvent {
  position: string;
  id: string;
  type: string;
  stream: string;
  occurredAt: string;
  actor: Actor | null;
  source: string | null;
  correlationId: string | null;
  data: Record<string, unknown>;
}

export interface AuditHead {
  position: string | null;
  seal: string | null;
  sealed: number;
  waiting: number;
}

export interface Counts {
  answers: number;
  failed: number;
  stopped: number;
  promptTokens: number;
  completionTokens: number;
}

/** Milliseconds; null without answers. */
export interface Latency {
  p50: number | null;
  p90: number | null;
  p99: number | null;
  answers: number;
}

/** Where an answer was asked for: in a conversation, or by a program over `/v1`. */
export type UsageSource = 'chat' | 'api';

export interface UsageDay extends Counts {
  day: string;
  signIns: number;
  signUps: number;
  installs: number;
  failedInstalls: number;
}

export interface Usage {
  from: string;
  to: string;
  total: Counts;
  days: UsageDay[];
  sources: (Counts & { source: UsageSource; timeToFirstToken: Latency })[];
  models: (Counts & { model: string; timeToFirstToken: Latency })[];
  users: (Counts & { userId: string })[];
  timeToFirstToken: Latency & { histogram: { belowMs: number | null; answers: number }[] };
}

export type TaskKind = 'verify-audit' | 'rebuild-projections' | 'rebuild-usage' | 'replay-parked';
export type TaskStatus = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

export interface Task {
  id: string;
  kind: TaskKind;
  params: { queue?: string };
  status: TaskStatus;
  done: number;
  total: number | null;
  note: string | null;
  result: Record<string, unknown> | null;
  error: AnswerError | null;
  cancelRequested: boolean;
  /** More than 1: it was taken up again after a process ended. */
  attempts: number;
  requestedBy: string | null;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
}

export const isActive = ({ status }: Task): boolean => status === 'queued' || status === 'running';

type Items<T> = { items: T[] };

const items =
  <T>(path: string) =>
  async ({ signal }: { signal: AbortSignal }) =>
    (await api.get<Items<T>>(path, signal)).items;

const one =
  <T>(path: string) =>
  ({ signal }: { signal: AbortSignal }) =>
    api.get<T>(path, signal);

const REFRESH_MS = 3_000;

export const instancesQuery = queryOptions({
  queryKey: ['admin', 'instances'],
  queryFn: one<InstanceList>('/api/admin/instances'),
  refetchInterval: REFRESH_MS,
});

export const overviewQuery = queryOptions({
  queryKey: ['admin', 'overview'],
  queryFn: one<Overview>('/api/admin/overview'),
  refetchInterval: 2 * REFRESH_MS,
});

export const queuesQuery = queryOptions({
  queryKey: ['admin', 'queues'],
  queryFn: items<Queue>('/api/admin/queues'),
  refetchInterval: REFRESH_MS,
});

const pages = <T>(key: readonly string[], path: string, params: Record<string, string>) =>
  infiniteQueryOptions({
    queryKey: ['admin', ...key, params],
    queryFn: ({ pageParam, signal }) => {
      const search = new URLSearchParams({ ...params, ...(pageParam && { cursor: pageParam }) });
      return api.get<Page<T>>(`${path}?${search}`, signal);
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });

const parkedPath = (queue: string) => `/api/admin/queues/${encodeURIComponent(queue)}/parked`;

export const parkedQuery = (queue: string) =>
  pages<ParkedMessage>(['parked', queue], parkedPath(queue), { limit: '20' });

const queuesChanged = (queue: string) =>
  Promise.all([
    queryClient.invalidateQueries({ queryKey: queuesQuery.queryKey }),
    queryClient.invalidateQueries({ queryKey: ['admin', 'parked', queue] }),
  ]);

const letterPath = ({ queue, id }: ParkedMessage) => `${parkedPath(queue)}/${encodeURIComponent(id)}`;

export async function replayParked(message: ParkedMessage): Promise<void> {
  await api.json('POST', `${letterPath(message)}/replay`);
  await queuesChanged(message.queue);
}

export async function dropParked(message: ParkedMessage): Promise<void> {
  await api.json('DELETE', letterPath(message));
  await queuesChanged(message.queue);
}

/** What narrows the audit, as the API takes it. */
export type AuditFilter = Partial<Record<'type' | 'actor' | 'stream' | 'from' | 'to' | 'id', string>>;

export const eventsQuery = (filter: AuditFilter) => ({
  ...pages<AuditEvent>(['events'], '/api/admin/events', { ...filter, limit: '50' }),
  placeholderData: keepPreviousData,
});

export const exportPath = (filter: AuditFilter, format: 'ndjson' | 'csv'): string =>
  `/api/admin/events/export?${new URLSearchParams({ ...filter, format })}`;

export const auditHeadQuery = queryOptions({
  queryKey: ['admin', 'audit-head'],
  queryFn: one<AuditHead>('/api/admin/audit/head'),
  refetchInterval: 2 * REFRESH_MS,
});

export const usageQuery = (days: number, source: UsageSource | null) =>
  queryOptions({
    queryKey: ['admin', 'usage', days, source],
    queryFn: one<Usage>(`/api/admin/usage?days=${days}${source ? `&source=${source}` : ''}`),
    refetchInterval: 30_000,
    placeholderData: keepPreviousData,
  });

export const tasksQuery = queryOptions({
  queryKey: ['admin', 'tasks'],
  queryFn: items<Task>('/api/admin/tasks?limit=50'),
  // Each second while there is something to see.
  refetchInterval: ({ state }) => (state.data?.some(isActive) ? 1_000 : 10_000),
});

const tasksChanged = () => queryClient.invalidateQueries({ queryKey: tasksQuery.queryKey });

export async function startTask(kind: TaskKind, params: Task['params'] = {}): Promise<Task> {
  const task = await api.json<Task>('POST', '/api/admin/tasks', { body: { kind, params } });
  await tasksChanged();
  return task;
}

export async function cancelTask({ id }: Task): Promise<void> {
  await api.json('POST', `/api/admin/tasks/${encodeURIComponent(id)}/cancel`);
  await tasksChanged();
}

export const usersQuery = queryOptions({
  queryKey: ['admin', 'users'],
  queryFn: items<UserView>('/api/auth/users'),
  staleTime: 60_000,
});
