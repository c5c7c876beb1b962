const spdx = [
  ...[
    'Apache-2.0',
    'MIT',
    'ISC',
    'Unlicense',
    'BSD-2-Clause',
    'BSD-3-Clause',
    'MPL-2.0',
    'CC0-1.0',
    'GPL-2.0',
    'GPL-3.0',
  ],
  ...['LGPL-3.0', 'AGPL-3.0', 'CC-BY-4.0', 'CC-BY-SA-4.0', 'CC-BY-NC-4.0', 'CC-BY-ND-4.0', 'CC-BY-NC-SA-4.0'],
  ...['CC-BY-NC-ND-4.0', 'OpenRAIL', 'CreativeML-OpenRAIL-M'],
];
const byLowerCase = new Map(spdx.map((name) => [name.toLowerCase(), name]));

/** As SPDX writes it: headers and hubs write it in lower case, and one licence is one facet. */
export const licenseName = (license: string | null): string | null =>
  license && (byLowerCase.get(license.toLowerCase()) ?? license);
