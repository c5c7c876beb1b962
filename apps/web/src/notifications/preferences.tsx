import { useMutation, useQuery } from '@tanstack/react-query';
import { messageOf } from '../api/problem.js';
import { failedEmailsQuery, preferencesQuery, queryClient } from '../api/queries.js';
import { api, useUser } from '../api/session.js';
import type { EmailView, NotificationPreference, NotificationPreferences, NotificationTopic } from '../api/views.js';
import { formatDateTime } from '../lib/format.js';
import { Failure, Skeleton } from '../ui/parts.js';
import { toast, toastError } from '../ui/toast.js';

const TOPICS: Record<NotificationTopic, [name: string, what: string]> = {
  security: ['Security', 'Sign-ins to your account, and when it is disabled or enabled.'],
  answers: ['Answers', 'When an answer is finished while you are elsewhere.'],
  models: ['Models', 'When a model was installed, or could not be.'],
  accounts: ['Accounts', 'When somebody signs up, and when an account is disabled or enabled.'],
};

/** What one is told, and how. */
export function PreferencesSection() {
  const { role } = useUser();
  const query = useQuery(preferencesQuery);
  const { data } = query;
  return (
    <section aria-labelledby="notifications-title">
      <h2 id="notifications-title">Notifications</h2>
      {query.isPending ? (
        <Skeleton label="Loading your choices" lines={['100%', '100%']} />
      ) : query.isError ? (
        <Failure title="Your choices could not be loaded" detail={messageOf(query.error)}>
          <button type="button" className="button" onClick={() => void query.refetch()}>
            Try again
          </button>
        </Failure>
      ) : (
        <>
          <p className="muted section-lead">
            {!data!.emailAvailable
              ? 'This server sends no e-mail.'
              : `E-mail goes to ${data!.email ?? 'your address'}; that of an answer only if it stays unread.`}
          </p>
          <div className="cards">
            {data!.items.map((item) => (
              <Topic key={item.topic} item={item} emailAvailable={data!.emailAvailable} />
            ))}
          </div>
          {role === 'admin' && data!.emailAvailable && <FailedEmails />}
        </>
      )}
    </section>
  );
}

function Topic({ item, emailAvailable }: { item: NotificationPreference; emailAvailable: boolean }) {
  const [name, what] = TOPICS[item.topic];
  const { queryKey } = preferencesQuery;
  const change = useMutation({
    mutationFn: (next: NotificationPreference) =>
      api.json<NotificationPreferences>('PUT', '/api/notifications/preferences', { body: { items: [next] } }),
    // The box follows the finger; what the server says comes after.
    onMutate: (next) => {
      queryClient.setQueryData(queryKey, (now) =>
        now ? { ...now, items: now.items.map((other) => (other.topic === next.topic ? next : other)) } : now,
      );
    },
    onError: toastError,
    onSettled: () => queryClient.invalidateQueries({ queryKey }),
  });
  return (
    <fieldset className="card preference">
      <legend className="sr-only">{name}</legend>
      <div className="card-main">
        <h3>{name}</h3>
        <p className="muted">{what}</p>
      </div>
      <div className="preference-channels">
        <label className="check">
          <input
            type="checkbox"
            checked={item.inPage}
            onChange={(event) => change.mutate({ ...item, inPage: event.target.checked })}
          />
          <span>In Parley</span>
        </label>
        <label className="check">
          <input
            type="checkbox"
            checked={item.email && emailAvailable}
            disabled={!emailAvailable}
            onChange={(event) => change.mutate({ ...item, email: event.target.checked })}
          />
          <span>E-mail</span>
        </label>
      </div>
    </fieldset>
  );
}

/** For administrators: e-mails that were given up. Nothing is shown while there are none. */
function FailedEmails() {
  const { data = [] } = useQuery(failedEmailsQuery);
  if (data.length === 0) return null;
  return (
    <div className="failed-emails">
      <h3>E-mails that could not be delivered</h3>
      <ul className="cards">
        {data.map((email) => (
          <FailedEmail key={email.id} email={email} />
        ))}
      </ul>
    </div>
  );
}

function FailedEmail({ email }: { email: EmailView }) {
  const retry = useMutation({
    mutationFn: () => api.json('POST', `/api/notifications/emails/${encodeURIComponent(email.id)}/retry`),
    onSuccess: () => toast('It is sent once more.'),
    onError: toastError,
    onSettled: () => queryClient.invalidateQueries({ queryKey: failedEmailsQuery.queryKey }),
  });
  return (
    <li className="card">
      <div className="card-main">
        <h4>{email.address}</h4>
        <p>{email.subject}</p>
        <p className="facts">
          <span>{formatDateTime(email.createdAt)}</span>
          <span>{email.error}</span>
        </p>
      </div>
      <div className="card-actions">
        <button type="button" className="button" disabled={retry.isPending} onClick={() => retry.mutate()}>
          Try again
        </button>
      </div>
    </li>
  );
}
