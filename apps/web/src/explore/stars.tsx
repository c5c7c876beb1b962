import { useMutation } from '@tanstack/react-query';
import { api } from '../api/session.js';
import { formatNumber } from '../lib/format.js';
import { StarIcon } from '../ui/icons.js';
import { toastError } from '../ui/toast.js';
import { entryChanged, entryUrl } from './queries.js';
import type { EntryView } from './views.js';

const votes = (count: number) => `${count} ${count === 1 ? 'rating' : 'ratings'}`;

/** What the people of this server think of it. */
export function Rating({ rating: { average, count } }: Pick<EntryView, 'rating'>) {
  if (average === null) return null;
  return (
    <span className="rating">
      <StarIcon />
      <span aria-hidden="true">
        {formatNumber(average)} <span className="muted">({count})</span>
      </span>
      <span className="sr-only">
        {formatNumber(average)} of 5 stars, {votes(count)}
      </span>
    </span>
  );
}

/** One's own stars; the same again takes them back. */
export function RatingControl({ entry }: { entry: EntryView }) {
  const rate = useMutation({
    mutationFn: (stars: number | null) =>
      api.json<EntryView>('PUT', `${entryUrl(entry.id)}/rating`, { body: { stars } }),
    onSuccess: entryChanged,
    onError: toastError,
  });
  const { average, count } = entry.rating;
  const mine = rate.isPending ? rate.variables : entry.rating.mine;
  return (
    <div className="rating-control">
      <div className="stars" role="group" aria-label="Your rating">
        {[1, 2, 3, 4, 5].map((stars) => (
          <button
            key={stars}
            type="button"
            aria-label={`${stars} ${stars === 1 ? 'star' : 'stars'}`}
            aria-pressed={stars === mine}
            data-on={mine !== null && stars <= mine}
            onClick={() => rate.mutate(stars === mine ? null : stars)}
          >
            <StarIcon />
          </button>
        ))}
      </div>
      <p className="muted">
        {average === null ? 'Not rated yet' : `${formatNumber(average)} of 5 from ${votes(count)}`}
      </p>
    </div>
  );
}
