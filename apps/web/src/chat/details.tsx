import type { AnswerMetadata } from '../api/views.js';
import { formatDuration, formatNumber } from '../lib/format.js';

const ENDS: Record<AnswerMetadata['finishReason'], string> = {
  stop: 'The model ended it',
  length: 'Cut at the longest answer',
  stopped: 'Stopped by you',
  error: 'Failed',
};

/** Everything that is needed to judge an answer and to make it again. */
export function Details({ metadata }: { metadata: AnswerMetadata }) {
  const { sampler } = metadata;
  const rows: [string, string | null][] = [
    ['Model', metadata.model],
    ['Engine', metadata.browser ? `${metadata.engine}, ${metadata.browser.runtime}` : metadata.engine],
    ['Digest', metadata.modelDigest],
    [
      'Adapters',
      metadata.adapters
        ?.map(({ name, version, scale }) => `${name}, version ${version}, strength ${scale}`)
        .join('; ') || null,
    ],
    ['Adapter digests', metadata.adapterDigests.join(', ') || null],
    [
      'Prompt',
      `${formatNumber(metadata.promptTokens)} tokens` +
        (metadata.cachedPromptTokens > 0 ? `, ${formatNumber(metadata.cachedPromptTokens)} from cache` : ''),
    ],
    ['Answer', `${formatNumber(metadata.completionTokens)} tokens`],
    ['First token', metadata.timeToFirstTokenMs === null ? null : formatDuration(metadata.timeToFirstTokenMs)],
    ['Speed', metadata.tokensPerSecond === null ? null : `${formatNumber(metadata.tokensPerSecond)} tokens/s`],
    ['Seed', String(sampler.seed)],
    [
      'Sampler',
      `temperature ${sampler.temperature}, top-p ${sampler.topP}, top-k ${sampler.topK}, min-p ${sampler.minP}`,
    ],
    ['Finish', ENDS[metadata.finishReason]],
    [
      'Continued',
      metadata.continuations > 0
        ? `${metadata.continuations} ${metadata.continuations === 1 ? 'time' : 'times'}, ${metadata.continuationMode}`
        : null,
    ],
  ];
  return (
    <div className="details">
      <h3>About this answer</h3>
      <dl>
        {rows.map(
          ([name, value]) =>
            value && (
              <div key={name}>
                <dt>{name}</dt>
                <dd className={name === 'Digest' || name === 'Adapter digests' ? 'mono' : undefined}>{value}</dd>
              </div>
            ),
        )}
      </dl>
    </div>
  );
}
