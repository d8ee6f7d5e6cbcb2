import { nullTranslator } from '@jupyterlab/translation';

import type { Parameter } from '../api';
import { readRow, readValue, requestOf } from '../sweep/form-request';
import { initialRow, initialState, type RowState } from '../sweep/form-state';
import { aNotebook, aParameter } from './form-values';

const trans = nullTranslator.load('');

test('an untouched form orders the notebook’s own values, and leaves out what it cannot say', () => {
  const { request, problems } = requestOf(
    'work/train.ipynb',
    initialState(aNotebook()),
    trans
  );

  expect(problems).toEqual([]);
  expect(request).toEqual({
    notebook: 'work/train.ipynb',
    parameters: {
      lr: { kind: 'fixed', value: 0.001 },
      layers: { kind: 'fixed', value: 4 },
      kernel: { kind: 'fixed', value: 'rbf' },
      shuffle: { kind: 'fixed', value: true },
      sizes: { kind: 'fixed', value: [8, 16] },
      options: { kind: 'fixed', value: { a: null } },
      anything: { kind: 'fixed', value: null }
    },
    algorithm: 'grid',
    trials: null,
    executor: null,
    profile: null,
    parallelism: 2,
    trials_per_pod: null,
    objective: 'accuracy',
    direction: 'maximize',
    experiment: 'train',
    seed: null,
    kernel: 'python3'
  });
});

test('every problem is told, each with its field', () => {
  const state = initialState(aNotebook());
  state.rows[0] = { ...state.rows[0], kind: 'list', list: '' };
  state.rows[1] = { ...state.rows[1], fixed: '4.5' };
  Object.assign(state, { algorithm: 'random', trials: 'many', seed: '-' });

  const { request, problems } = requestOf('a.ipynb', state, trans);

  expect(request).toBeNull();
  expect(problems).toEqual([
    {
      field: 'parameters.lr',
      message: 'Write at least one value; put commas between several.'
    },
    { field: 'parameters.layers', message: '“4.5” is not a whole number.' },
    { field: 'trials', message: '“many” is not a whole number.' },
    { field: 'seed', message: '“-” is not a whole number.' }
  ]);
});

test('the number of trials is for random draws only', () => {
  const state = { ...initialState(aNotebook()), trials: '7' };
  const trials = (algorithm: 'grid' | 'random') =>
    requestOf('a.ipynb', { ...state, algorithm }, trans).request?.trials;
  expect(trials('random')).toBe(7);
  expect(trials('grid')).toBeNull();
});

test.each<[string, Parameter['type'], unknown]>([
  ['3', 'int', 3],
  [' -3 ', 'int', -3],
  ['3', 'float', 3],
  ['1e5', 'float', 100000],
  ['.5', 'float', 0.5],
  ['None', 'float', null],
  ['3', 'str', '3'],
  ['', 'str', ''],
  [' a ', 'str', ' a '],
  ['None', 'str', 'None'],
  ['yes', 'bool', true],
  ['0', 'bool', false],
  ['(1, 2)', 'list', [1, 2]],
  ["{'a': 1}", 'dict', { a: 1 }],
  ['3', 'any', 3],
  ['True', 'any', true],
  ['relu', 'any', 'relu'],
  ['a/b', 'any', 'a/b'],
  ['', 'any', ''],
  ['[1]', 'any', [1]]
])('%p for %s is %p', (text, type, value) => {
  expect(readValue(text, type, trans)).toEqual(value);
});

test.each<[string, Parameter['type'], RegExp]>([
  ['', 'int', /“” is not a whole number/],
  ['3.0', 'int', /not a whole number/],
  ['9007199254740993', 'int', /too large here; the command line/],
  ['1,5', 'float', /not a number/],
  ['0x10', 'float', /not a number/],
  ['nan', 'float', /not a number/],
  ['1e999', 'float', /too large/],
  ['maybe', 'bool', /not True or False/],
  ['[1', 'list', /cannot be read.*Write it as Python would/],
  ['{}', 'list', /not a list/],
  ['[1]', 'dict', /not a dict/],
  ['x'.repeat(99), 'int', /^“x{40}…”/]
])('%p is refused for %s', (text, type, words) => {
  expect(() => readValue(text, type, trans)).toThrow(words);
});

function row(type: Parameter['type'], change: Partial<RowState>): RowState {
  return { ...initialRow(aParameter('x', type, null, '')), ...change };
}

test.each<[Parameter['type'], string, unknown[]]>([
  ['float', '0.1, 1,', [0.1, 1]],
  ['str', 'a, "b, c", ""', ['a', 'b, c', '']],
  ['bool', 'True, False', [true, false]],
  ['list', '[1, 2], [3]', [[1, 2], [3]]],
  ['any', '1, a, True, "1"', [1, 'a', true, '1']]
])('a list of %s: %s', (type, list, values) => {
  const dimension = readRow(row(type, { kind: 'list', list }), trans);
  expect(dimension).toEqual({ kind: 'list', values });
});

test.each<[Partial<RowState>, object]>([
  [
    { low: '0', high: '1', step: '0.1' },
    { low: 0, high: 1, scale: 'linear', step: 0.1 }
  ],
  [
    { low: '0.1', high: '1', scale: 'log', step: '0.1' },
    { low: 0.1, high: 1, scale: 'log', step: null }
  ],
  [
    { low: '1', high: '9', scale: 'int', step: ' ' },
    { low: 1, high: 9, scale: 'int', step: null }
  ]
])('a range %p', (change, range) => {
  const dimension = readRow(row('any', { ...change, kind: 'range' }), trans);
  expect(dimension).toEqual({ kind: 'range', ...range });
});

test.each<[Partial<RowState>, RegExp]>([
  [{ low: '', high: '1' }, /low end/],
  [{ low: '0', high: ' ' }, /high end/],
  [{ low: 'a', high: '1' }, /“a” is not a number/],
  [{ low: '0', high: '1', step: 'x' }, /“x” is not a number/]
])('a range %p is refused', (change, words) => {
  const range = row('float', { ...change, kind: 'range' });
  expect(() => readRow(range, trans)).toThrow(words);
});
