// The shape of the tree, checked by test/architecture/boundaries.spec.ts. Rules match folders by pattern: a new module
// is covered the day it appears. `$1` is the module that an import starts from.

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'Files that import each other in a circle cannot be understood, tested or moved alone.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'modules-meet-at-contracts',
      severity: 'error',
      comment: 'A module sees nothing of another one but its contracts/: ask by a message, or hear an event.',
      from: { path: '^src/([^/]+)/', pathNot: '\\.medium\\.spec\\.ts$' },
      to: { path: '^src/', pathNot: ['^src/$1/', '^src/[^/]+/contracts/'] },
    },
    {
      name: 'modules-meet-at-contracts',
      severity: 'error',
      comment: 'A medium spec may put whole modules together, as an app does.',
      from: { path: '^src/([^/]+)/.+\\.medium\\.spec\\.ts$' },
      to: { path: '^src/', pathNot: ['^src/$1/', '^src/[^/]+/contracts/', '^src/[^/]+/[^/]+\\.module\\.ts$'] },
    },
    {
      name: 'contracts-are-leaves',
      severity: 'error',
      comment: 'Contracts are plain data that any process can load: other contracts, libs/messaging and zod, no more.',
      from: { path: '^src/[^/]+/contracts/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: ['^src/[^/]+/contracts/', '^libs/messaging/', '^node_modules/zod/'] },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      comment: 'The domain is TypeScript and rules: itself, contracts of plain data and libs/kernel.',
      from: { path: '^src/([^/]+)/domain/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: ['^src/$1/domain/', '^src/[^/]+/contracts/', '^libs/kernel/'] },
    },
    {
      name: 'http-sends-messages-only',
      severity: 'error',
      comment: 'A controller turns a request into a message: it knows its own http/, and contracts/ of every module.',
      from: { path: '^src/([^/]+)/http/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^src/', pathNot: ['^src/$1/http/', '^src/[^/]+/contracts/'] },
    },
    {
      name: 'libs-know-no-module',
      severity: 'error',
      comment: 'A building block that knows who uses it is no building block.',
      from: { path: '^libs/' },
      to: { path: '^(src|apps)/' },
    },
    {
      name: 'libs-by-front-door',
      severity: 'error',
      comment: 'A library is its src/index.ts; what lies behind may change any day.',
      // Benches run as they are, without aliases, so a front door is closed to them.
      from: { path: '^(libs/[^/]+|src|apps|test|migrations)/', pathNot: '^test/bench/' },
      to: { path: '^libs/[^/]+/src/(?!index\\.ts$)', pathNot: '^$1/' },
    },
    {
      name: 'apps-compose-modules',
      severity: 'error',
      comment: 'What a process runs is the list of modules that its main.ts imports, nothing else.',
      from: { path: '^apps/(?!web/)' },
      to: { path: '^src/', pathNot: '(\\.module|/queues)\\.ts$' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: '^node_modules/' },
    exclude: { path: '(^|/)dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
