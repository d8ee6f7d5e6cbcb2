const jestJupyterLab = require('@jupyterlab/testing/lib/jest-config');

// Packages that ship ES modules only and so have to be translated for Jest.
const esModules = [
  '@codemirror',
  '@jupyter',
  '@jupyterlab',
  '@marijn',
  '@microsoft',
  '@rjsf',
  'color',
  'd3',
  'delaunator',
  'exenv-es6',
  'internmap',
  'lib0',
  'lodash-es',
  'marked',
  'nanoid',
  'robust-predicates',
  'vscode-ws-jsonrpc',
  'y-protocols',
  'y-websocket',
  'yjs'
].join('|');

const { setupFiles, transform, ...base } = jestJupyterLab(__dirname);

module.exports = {
  ...base,
  coverageReporters: ['text-summary', 'lcov'],
  collectCoverageFrom: [
    'src/**/*.{ts,tsx}',
    '!src/**/*.d.ts',
    '!src/**/__tests__/**'
  ],
  // The built extension carries a package.json of the same name; the Galata stories are not Jest's.
  modulePathIgnorePatterns: [
    '<rootDir>/.venv/',
    '<rootDir>/jupyter_mlops/labextension/',
    '<rootDir>/tests/',
    '<rootDir>/ui-tests/'
  ],
  reporters: ['default'],
  setupFiles: [...setupFiles, '<rootDir>/jest.setup.js'],
  testRegex: '/src/(.*/)?__tests__/.*\\.spec\\.tsx?$',
  transform: {
    ...transform,
    // Types are checked by `tsc` in the lint step, once, not again by every worker here.
    '^.+\\.tsx?$': ['ts-jest', { tsconfig: 'tsconfig.test.json' }]
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esModules})).+`]
};
