import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { messageOf } from '../api/problem.js';
import { api } from '../api/session.js';
import { formatDate } from '../lib/format.js';
import { Markdown } from '../markdown/markdown.js';
import type { Pictures } from '../markdown/render.js';
import { Skeleton } from '../ui/parts.js';
import { cardQuery } from './queries.js';
import type { CardView } from './views.js';

/**
 * What the publisher wrote about it.
 * @param of where the API has the entry or the repository
 */
export function ModelCard({ of }: { of: string }) {
  const card = useQuery(cardQuery(of));
  if (card.data === null) return null;
  return (
    <section aria-labelledby="card-title">
      <h2 id="card-title">Model card</h2>
      {card.data ? (
        <Card card={card.data} />
      ) : card.isError ? (
        <p className="empty">{messageOf(card.error)}</p>
      ) : (
        <Skeleton label="Loading the model card" lines={['40%', '100%', '100%', '75%']} />
      )}
    </section>
  );
}

function Card({ card }: { card: CardView }) {
  const pictures = usePictures(card);
  return (
    <>
      <div className="card-text">
        <Markdown text={card.markdown} pictures={pictures} />
      </div>
      <p className="card-source muted">
        By its publisher, from{' '}
        <a href={card.source} target="_blank" rel="noopener noreferrer nofollow">
          {new URL(card.source).host}
        </a>
        , {formatDate(card.fetchedAt)}
        {card.stale && '; the hub could not be asked anew'}
        {card.truncated && '; the rest is there'}.
      </p>
    </>
  );
}

/** Those that came so far. They are asked for with the session, as an address alone would not be let in. */
function usePictures({ pictures }: CardView): Pictures {
  const [shown, setShown] = useState<Pictures>(new Map());
  useEffect(() => {
    const controller = new AbortController();
    const urls: string[] = [];
    for (const { src, url } of pictures) {
      const load = async () => {
        const response = await api.stream(url, { signal: controller.signal, headers: { accept: 'image/*' } });
        const address = URL.createObjectURL(await response.blob());
        urls.push(address);
        setShown((before) => new Map(before).set(src, address));
      };
      // A card is read without a picture that cannot be had.
      load().catch(() => undefined);
    }
    return () => {
      controller.abort();
      for (const url of urls) URL.revokeObjectURL(url);
    };
  }, [pictures]);
  return shown;
}
