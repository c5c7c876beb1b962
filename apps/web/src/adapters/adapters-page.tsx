import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { messageOf } from '../api/problem.js';
import { useTitle } from '../lib/hooks.js';
import { useArrival } from '../lib/router.js';
import { PageHead } from '../shell/page-head.js';
import { PlusIcon } from '../ui/icons.js';
import { More, Failure, Skeleton } from '../ui/parts.js';
import { AdapterCard } from './adapter-card.js';
import { adaptersQuery } from './queries.js';
import { UploadForm } from './upload-form.js';

export default function AdaptersPage() {
  useTitle('Adapters');
  const main = useArrival();
  const query = useInfiniteQuery(adaptersQuery);
  const [adding, setAdding] = useState(false);
  const adapters = query.data?.pages.flatMap(({ items }) => items);
  return (
    <>
      <PageHead title="Adapters" />
      <main id="main" className="page-body" tabIndex={-1} ref={main}>
        <div className="page-content">
          <section aria-labelledby="adapters-title">
            <div className="section-head">
              <h2 id="adapters-title">LoRA adapters</h2>
              <button type="button" className="button button-primary" onClick={() => setAdding(true)}>
                <PlusIcon /> Add an adapter
              </button>
            </div>
            <p className="section-lead muted">
              Small files that teach one model something: a tone, a task, a language. Choose one beside the model when
              you write.
            </p>
            {query.isError && !adapters ? (
              <Failure title="The adapters could not be loaded" detail={messageOf(query.error)}>
                <button type="button" className="button" onClick={() => void query.refetch()}>
                  Try again
                </button>
              </Failure>
            ) : !adapters ? (
              <Skeleton label="Loading the adapters" lines={['30%', '100%', '100%']} />
            ) : adapters.length === 0 ? (
              <p className="empty">There is no adapter yet. Add one that was trained with PEFT, or a GGUF adapter.</p>
            ) : (
              <ul className="cards">
                {adapters.map((adapter) => (
                  <AdapterCard key={adapter.id} adapter={adapter} />
                ))}
              </ul>
            )}
            <More query={query} />
          </section>
        </div>
      </main>
      {adding && <UploadForm onClose={() => setAdding(false)} />}
    </>
  );
}
