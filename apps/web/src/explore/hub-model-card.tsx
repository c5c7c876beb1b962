import { formatCount, formatDate, formatParameters, formatTokens } from '../lib/format.js';
import { entryPath, hubModelPath, Link } from '../lib/router.js';
import { Mark } from './entry-parts.js';
import type { HubModelView } from './hub-views.js';

export const HubModelCard = ({ model }: { model: HubModelView }) => (
  <li className="card entry entry-short">
    <div className="entry-head">
      <Mark family={model.author} />
      <div>
        <h3>
          <Link
            to={model.entryId === null ? hubModelPath(model.repository) : entryPath(model.entryId)}
            className="entry-link"
          >
            {model.name}
          </Link>{' '}
          <HubBadges model={model} />
        </h3>
        <p className="facts">
          <span>{model.author}</span>
          {model.license && <span>{model.license}</span>}
        </p>
      </div>
    </div>
    <HubFacts model={model} />
    <div className="entry-foot">
      <p className="facts">
        <span>{formatCount(model.downloads)} downloads</span>
        <span>{formatCount(model.likes)} likes</span>
        {model.updatedAt && <span>{formatDate(model.updatedAt)}</span>}
      </p>
    </div>
  </li>
);

export const HubBadges = ({ model: { gated, entryId } }: { model: HubModelView }) => (
  <>
    {entryId !== null && <span className="badge">In the catalogue</span>}
    {gated && <span className="badge">Gated</span>}
  </>
);

export function HubFacts({ model: { parameters, contextLength, baseModel } }: { model: HubModelView }) {
  const facts = [
    parameters !== null && `${formatParameters(parameters)} params`,
    contextLength !== null && `${formatTokens(contextLength)} context`,
    baseModel && `from ${baseModel}`,
  ];
  return <p className="facts">{facts.map((fact) => fact && <span key={fact}>{fact}</span>)}</p>;
}
