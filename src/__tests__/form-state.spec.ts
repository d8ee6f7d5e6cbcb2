import {
  directionOf,
  initialRow,
  initialState,
  kindsOf,
  restoredState,
  scalesOf,
  type FormState
} from '../sweep/form-state';
import { aNotebook, aParameter, PARAMETERS } from './form-values';

const fresh = initialState(aNotebook());

function changed(name: string, change: object): FormState {
  return {
    ...fresh,
    rows: fresh.rows.map(row =>
      row.parameter.name === name ? { ...row, ...change } : row
    )
  };
}

test('a new form has every parameter fixed at its default, as the notebook writes it', () => {
  expect(fresh.rows.map(row => [row.kind, row.fixed])).toEqual([
    ['fixed', '1e-3'],
    ['fixed', '4'],
    ['fixed', 'rbf'],
    ['fixed', 'True'],
    ['fixed', '[8, 16]'],
    ['fixed', '{"a": None}'],
    ['fixed', 'None'],
    ['fixed', '']
  ]);
  expect(fresh.objective).toBe('accuracy');
  expect(fresh.parallelism).toBe('2');
});

test('settings go before the executor’s suggestions', () => {
  const state = initialState(aNotebook(), {
    algorithm: 'random',
    parallelism: 7,
    executor: 'kubernetes',
    profile: 'gpu-small'
  });
  expect([state.algorithm, state.parallelism]).toEqual(['random', '7']);
  expect([state.executor, state.profile]).toEqual(['kubernetes', 'gpu-small']);
});

test.each<[number, string, object]>([
  [0.001, 'float', { low: '0.0001', high: '0.01', scale: 'log', step: '' }],
  [0.3, 'float', { low: '0.1', high: '0.9', scale: 'linear', step: '0.1' }],
  [0.1, 'float', { low: '0.01', high: '1', scale: 'log', step: '' }],
  [1, 'float', { low: '0.1', high: '10', scale: 'log', step: '' }],
  [8, 'int', { low: '4', high: '16', scale: 'int', step: '' }],
  [1, 'int', { low: '1', high: '2', scale: 'int', step: '' }],
  [0, 'float', { low: '', high: '', scale: 'linear', step: '' }],
  [-3, 'int', { low: '', high: '', scale: 'int', step: '' }]
])('the range suggested for %p (%s)', (value, type, range) => {
  expect(initialRow(aParameter('x', type as 'int', value))).toMatchObject(
    range
  );
});

test.each<[string, string]>([
  ['rbf', 'rbf'],
  ['a, b', '"a, b"'],
  ['', '""'],
  [' x', '" x"']
])('the text %p is one value of a list', (value, list) => {
  expect(initialRow(aParameter('x', 'str', value)).list).toBe(list);
});

test('numbers have ranges, other things do not', () => {
  const ranged = PARAMETERS.filter(({ type }) =>
    kindsOf(type).includes('range')
  );
  expect(ranged.map(({ type }) => type)).toEqual([
    'float',
    'int',
    'any',
    'any'
  ]);
  expect(scalesOf('int')).toEqual(['int']);
  expect(scalesOf('float')).toEqual(['linear', 'log']);
});

test.each([
  ['accuracy', 'maximize'],
  ['val_loss', 'minimize'],
  ['rmse', 'minimize'],
  ['train_mae', 'minimize'],
  ['remainder', 'maximize'],
  ['', 'maximize']
])('the best %s is found with %s', (metric, direction) => {
  expect(directionOf(metric)).toBe(direction);
});

describe('the values of the last time', () => {
  test('come back', () => {
    const kept = changed('lr', { kind: 'list', list: '0.1, 0.2' });
    const again = restoredState(JSON.parse(JSON.stringify(kept)), fresh);
    expect(again).toEqual(kept);
  });

  test('leave alone what has another type now, and what has gone', () => {
    const kept = changed('lr', { kind: 'range', low: '1' });
    const parameters = [aParameter('lr', 'str', 'auto', '"auto"')];
    const now = initialState(aNotebook({ parameters }));
    expect(restoredState(kept, now).rows).toEqual(now.rows);
  });

  test('give way to a new default of the notebook where they were not touched', () => {
    const parameters = [aParameter('layers', 'int', 5)];
    const now = initialState(aNotebook({ parameters }));
    expect(restoredState(fresh, now).rows[0].fixed).toBe('5');

    const touched = changed('layers', { fixed: '9' });
    expect(restoredState(touched, now).rows[0].fixed).toBe('9');
  });

  test.each([
    null,
    undefined,
    7,
    [],
    { rows: 'x', algorithm: 'tpe', trials: 3 },
    { rows: [null, { parameter: null }, { parameter: { name: 'lr' } }] }
  ])('are left out when they are not ours: %p', kept => {
    expect(restoredState(kept, fresh)).toEqual(fresh);
  });

  test('keep names that a person gave where nobody can read the notebook', () => {
    const now = initialState(aNotebook({ parameters: [], readable: false }));
    const parameter = aParameter('alpha', 'any', null, '');
    const row = { ...initialRow(parameter), fixed: '3' };
    const kept = { ...now, rows: [row] };
    expect(restoredState(kept, now, false).rows).toEqual([row]);
  });
});
