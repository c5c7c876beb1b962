import { join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import extractDepcruiseConfig from 'dependency-cruiser/config-utl/extract-depcruise-config';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';

export const root = join(import.meta.dirname, '../..');

const { forbidden = [], options } = await extractDepcruiseConfig(join(root, '.dependency-cruiser.mjs'));

export const ruleNames: string[] = [...new Set(forbidden.map(({ name }) => name ?? ''))];

/** Every import below these folders of `baseDir`, and each one that breaks a rule of `.dependency-cruiser.mjs`. */
export async function importsOf(folders: string[], baseDir = root): Promise<ICruiseResult> {
  const tsConfig = extractTSConfig(join(baseDir, 'tsconfig.json'));
  // The cruiser takes paths from where the process stands.
  const before = process.cwd();
  process.chdir(baseDir);
  try {
    const { output } = await cruise(
      folders,
      { ...options, baseDir, validate: true, ruleSet: { forbidden } },
      undefined,
      { tsConfig },
    );
    return output as ICruiseResult;
  } finally {
    process.chdir(before);
  }
}

/** `rule: from → to`, sorted. */
export const violationsOf = ({ summary }: ICruiseResult): string[] =>
  summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`).toSorted();
