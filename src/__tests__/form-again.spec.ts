import { nullTranslator } from '@jupyterlab/translation';

import type { SweepRequest } from '../api';
import { stateAgain } from '../sweep/form-again';
import { requestOf, type Dimension } from '../sweep/form-request';
import { initialState } from '../sweep/form-state';
import { aNotebook, aParameter } from './form-values';

const trans = nullTranslator.load('');
const path = 'work/train.ipynb';

const ORDER: SweepRequest = {
  notebook: path,
  algorithm: 'random',
  trials: 30,
  parallelism: 3,
  objective: 'val_loss',
  direction: 'minimize',
  experiment: 'night',
  seed: 17,
  kernel: 'python3'
};

/** What the form orders that was filled in as for this request. */
function again(request: SweepRequest, info = aNotebook()) {
  const state = stateAgain(request, initialState(info), info.readable);
  return requestOf(path, state, trans);
}

test('everything but the parameters comes back as it was', () => {
  expect(again(ORDER).request).toMatchObject(ORDER);
});

test('what an order leaves open, the notebook suggests', () => {
  const fresh = initialState(aNotebook());
  const state = stateAgain({ notebook: path, objective: null }, fresh);
  expect(state).toEqual({ ...fresh, objective: '' });
});

const value = (it: unknown): Dimension => ({ kind: 'fixed', value: it });

test.each<[string, Dimension]>([
  ['lr', value(1e-7)],
  ['lr', value(null)],
  ['lr', { kind: 'list', values: [0.1, 1, 1e-5] }],
  ['lr', { kind: 'range', low: 1e-4, high: 1, scale: 'log', step: null }],
  ['lr', { kind: 'range', low: 0, high: 1, scale: 'linear', step: 0.25 }],
  ['layers', { kind: 'range', low: 1, high: 9, scale: 'int', step: 2 }],
  ['kernel', value('a, b')],
  ['kernel', { kind: 'list', values: ['a, b', ' c', "d'e", '"f"', ''] }],
  ['shuffle', { kind: 'list', values: [true, false] }],
  ['sizes', value([8, [16, 'x']])],
  ['options', value({ a: null, b: [true] })],
  ['options', { kind: 'list', values: [{ a: 1 }, {}] }],
  ['anything', value('1')],
  ['anything', value('True')],
  ['anything', value('plain')],
  ['anything', value('two words, and a comma')],
  ['anything', { kind: 'list', values: [1, '1', true, null, 'a', 'x y'] }]
])('%s is filled in so that it orders %j', (name, dimension) => {
  const { request, problems } = again({
    ...ORDER,
    parameters: { [name]: dimension }
  });
  expect(problems).toEqual([]);
  expect(request?.parameters?.[name]).toEqual(dimension);
});

test('parameters of a notebook nobody reads are there by name', () => {
  const info = aNotebook({ readable: false, parameters: [] });
  const parameters = { alpha: value(3) };
  expect(again({ ...ORDER, parameters }, info).request?.parameters).toEqual(
    parameters
  );
});

test('a parameter that the notebook does not have is left out', () => {
  const info = aNotebook({ parameters: [aParameter('lr', 'float', 1)] });
  const parameters = { gone: value(3) };
  const { request } = again({ ...ORDER, parameters }, info);
  expect(Object.keys(request?.parameters ?? {})).toEqual(['lr']);
});
