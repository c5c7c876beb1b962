let last = '/explore';

/** Where the reader was in the catalogue, for the way back from a model. */
export const lastSearchPath = (): string => last;
export const noteSearchPath = (path: string): void => {
  last = path;
};
