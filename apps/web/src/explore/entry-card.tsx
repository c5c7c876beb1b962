import { entryPath, Link } from '../lib/router.js';
import { formatNumber } from '../lib/format.js';
import { Capabilities, EntryBadges, EntryFacts, EntryMark } from './entry-parts.js';
import { EntryFit } from './fit.js';
import { EntryInstall, InstallButton } from './install-button.js';
import { nameOf, nameSome } from './names.js';
import { Rating } from './stars.js';
import type { EntryView } from './views.js';

/** Languages that are named before the rest is counted. */
const LANGUAGES = 1;

export function EntryCard({ entry }: { entry: EntryView }) {
  const { name, publisher, license, description, languages, uses } = entry;
  return (
    <li className="card entry">
      <div className="entry-head">
        <EntryMark entry={entry} />
        <div>
          <h3>
            <Link to={entryPath(entry.id)} className="entry-link">
              {name}
            </Link>{' '}
            <EntryBadges entry={entry} />
          </h3>
          <p className="facts">
            {publisher && <span>{publisher}</span>}
            {license && <span>{license}</span>}
          </p>
        </div>
      </div>
      <p className="entry-description">{description}</p>
      <EntryFacts entry={entry} />
      <EntryFit entry={entry} />
      <Capabilities entry={entry} />
      <div className="entry-foot">
        <p className="facts">
          {entry.rating.average !== null && <Rating rating={entry.rating} />}
          {uses > 0 && (
            <span>
              {formatNumber(uses)} {uses === 1 ? 'use' : 'uses'}
            </span>
          )}
          {languages.length > 0 && (
            <span>
              {nameSome(
                languages.map((code) => nameOf('language', code)),
                LANGUAGES,
              )}
            </span>
          )}
        </p>
        <InstallButton entry={entry} />
      </div>
      <EntryInstall entry={entry} />
    </li>
  );
}
