// Writes src/api.ts from the OpenAPI document that the server builds of its own types; with --check it only compares.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import openapiTS, { astToString } from 'openapi-typescript';
import * as prettier from 'prettier';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = `${root}src/api.ts`;
const local = `${root}.venv/bin/python`;
const python = process.env.PYTHON ?? (existsSync(local) ? local : 'python3');

const HEAD = `// Generated from the server's types by \`jlpm build:api\`. Do not edit: change jupyter_mlops/server/operations/ instead.
`;

function document() {
  try {
    const text = execFileSync(python, ['-m', 'jupyter_mlops.server.openapi'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit']
    });
    return JSON.parse(text);
  } catch (error) {
    console.error(
      `Could not ask ${python} for the OpenAPI document (${error.message.split('\n')[0]}).\n` +
        'It needs the Python package: run `make install`, or name an interpreter that has it with PYTHON=….'
    );
    process.exit(2);
  }
}

// Titles repeat the name, and a default says nothing to who only reads answers.
function withoutNoise(value) {
  if (Array.isArray(value)) {
    return value.map(withoutNoise);
  }
  if (value === null || typeof value !== 'object') {
    return value;
  }
  const kept = Object.entries(value).filter(
    ([key, of]) =>
      !(key === 'title' && typeof of === 'string') && key !== 'default'
  );
  return Object.fromEntries(kept.map(([key, of]) => [key, withoutNoise(of)]));
}

// A parameter of a notebook may itself be named "default": properties are not ours to prune by name.
function pruned(schema) {
  const { properties, ...rest } = schema;
  const entries = Object.entries(properties ?? {}).map(([name, of]) => [
    name,
    withoutNoise(of)
  ]);
  return { ...withoutNoise(rest), properties: Object.fromEntries(entries) };
}

const nameOf = media => media.schema.$ref.split('/').at(-1);

function operations({ paths }) {
  const rows = [];
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, it] of Object.entries(methods)) {
      const names = kind =>
        it.parameters.filter(p => p.in === kind).map(p => p.name);
      const [, ok] = Object.entries(it.responses).find(([code]) => code < 300);
      rows.push({
        name: it.operationId,
        summary: it.summary,
        method: method.toUpperCase(),
        path: path.replace('/mlops/', ''),
        given: [
          ...names('path').map(name => `${name}: string | number`),
          ...names('query').map(name => `${name}?: string | number`)
        ],
        body: it.requestBody
          ? nameOf(it.requestBody.content['application/json'])
          : 'undefined',
        answer: nameOf(ok.content['application/json'])
      });
    }
  }
  return rows.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function described(rows) {
  const types = rows.map(
    row => `/** ${row.summary} */
    ${row.name}: { arguments: ${row.given.length ? `{ ${row.given.join('; ')} }` : 'Record<string, never>'}; body: ${row.body}; answer: ${row.answer} };`
  );
  const routes = rows.map(
    row => `${row.name}: { method: '${row.method}', path: '${row.path}' }`
  );
  return `
/** What each verb of the server takes and gives. */
export type Operations = { ${types.join('\n')} };

/** Where each verb lives, below \`/mlops/\`. */
export const ROUTES: { readonly [name in keyof Operations]: { readonly method: 'GET' | 'POST'; readonly path: string } } = { ${routes.join(',\n')} };
`;
}

const answer = document();
const schemas = Object.fromEntries(
  Object.entries(answer.components.schemas).map(([name, schema]) => [
    name,
    pruned(schema)
  ])
);
const ast = await openapiTS(
  {
    openapi: answer.openapi,
    info: answer.info,
    paths: {},
    components: { schemas }
  },
  {
    defaultNonNullable: false,
    emptyObjectsUnknown: true,
    exportType: true,
    rootTypes: true,
    rootTypesNoSchemaPrefix: true,
    silent: true
  }
);
// The document's other, empty parts are of no use to us.
const types = astToString(ast)
  .replace(/^export type (paths|webhooks|operations|\$defs) = .*;\n/gm, '')
  .replace(/ *\/\*\* @enum \{unknown\} \*\/\n/g, '')
  .replace(
    / *(responses|parameters|requestBodies|headers|pathItems): never;\n/g,
    ''
  );
const text = await prettier.format(
  HEAD + types + described(operations(answer)),
  {
    ...(await prettier.resolveConfig(target)),
    filepath: target
  }
);

if (!process.argv.includes('--check')) {
  writeFileSync(target, text);
} else if (!existsSync(target) || readFileSync(target, 'utf8') !== text) {
  console.error(
    'src/api.ts is stale: the server has other types now. Run: jlpm build:api'
  );
  process.exit(1);
}
