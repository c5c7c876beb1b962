import { useMutation, useQuery } from '@tanstack/react-query';
import { copyText } from '../lib/copy.js';
import { CheckIcon, CopyIcon } from '../ui/icons.js';
import { toast, toastError } from '../ui/toast.js';
import { auditHeadQuery, isActive, startTask, tasksQuery, type AuditHead } from './api.js';
import { formatExact } from './format.js';
import { Loaded, Stat, Stats } from './parts.js';
import { TaskCard } from './task-card.js';

/** How far the audit is sealed, and whether the chain of seals holds. */
export function AuditChain() {
  const head = useQuery(auditHeadQuery);
  const tasks = useQuery(tasksQuery);
  const last = tasks.data?.find(({ kind }) => kind === 'verify-audit');
  const verify = useMutation({ mutationFn: () => startTask('verify-audit'), onError: toastError });
  return (
    <section aria-labelledby="chain-title">
      <div className="section-head">
        <h2 id="chain-title">Chain of seals</h2>
        <button
          type="button"
          className="button"
          disabled={verify.isPending || (last && isActive(last))}
          onClick={() => verify.mutate()}
        >
          <CheckIcon /> Verify
        </button>
      </div>
      <Loaded query={head} what="the seals" lines={['100%', '60%']}>
        {(known) => <Head head={known} />}
      </Loaded>
      {last && (
        <ul className="cards section-task" aria-label="The last check">
          <TaskCard task={last} />
        </ul>
      )}
    </section>
  );
}

function Head({ head: { position, seal, sealed, waiting } }: { head: AuditHead }) {
  const head = `${position}:${seal}`;
  return (
    <>
      <Stats>
        <Stat label="Sealed" value={formatExact(sealed)} />
        <Stat label="Not sealed yet" value={formatExact(waiting)} note="a second or two" />
        <Stat label="Last position" value={position ?? 'none'} />
      </Stats>
      {position !== null && (
        <>
          <div className="secret">
            <code className="head clip">{head}</code>
            <button
              type="button"
              className="button"
              onClick={() => void copyText(head).then(() => toast('The head was copied.'), toastError)}
            >
              <CopyIcon /> Copy head
            </button>
          </div>
          <p className="muted section-lead">
            Keep the head where this server cannot write. Later <code>npm run audit:verify -- --head …</code> proves
            that nothing up to it was changed or cut off; an export is checked without the server.
          </p>
        </>
      )}
    </>
  );
}
