import { nullTranslator } from '@jupyterlab/translation';

import { mlflowAddress } from '../commands';
import { exampleNotebook } from '../example';
import { noticeOf } from '../notices';
import { snapshotWords } from '../notebook-commands';
import { A_STATUS, aSweep } from './fake-server';
import { aSnapshot } from './snapshot-values';

const trans = nullTranslator.load('');
const best = { index: 17, objective: 0.9734 };

test.each([
  [
    aSweep({ state: 'succeeded', total: 1200, best }),
    'digits: all 1,200 trials have ended · best accuracy 0.973 (trial 17)',
    'success'
  ],
  [
    aSweep({ state: 'failed', reason: '3 of 12 trials failed.', best }),
    'digits has ended with failures · 3 of 12 trials failed · best accuracy 0.973 (trial 17)',
    'error'
  ]
])('the end of a sweep is told in a line', (sweep, message, type) => {
  expect(noticeOf(sweep, trans)).toEqual({ message, type });
});

test('a snapshot is told by the beginning of its digest, and whether it is new', () => {
  const snapshot = aSnapshot({ created: Date.now() - 60_000, new: true });
  expect(snapshotWords(snapshot, 'digits.ipynb', trans)).toBe(
    'Snapshot a1b2c3d4 of digits.ipynb kept.'
  );
  expect(snapshotWords({ ...snapshot, new: false }, 'd', trans)).toMatch(
    /^Nothing in d has changed since snapshot a1b2c3d4, kept 1 minute ago\.$/
  );
});

test('a verification is told by its snapshot and its verdict', () => {
  const sweep = aSweep({
    purpose: 'verification',
    snapshot: 'a1b2c3d4e5f6a7b8',
    state: 'succeeded',
    verdict: 'differs'
  });
  expect(noticeOf(sweep, trans)).toEqual({
    message: 'Verification of snapshot a1b2c3d4: runs, outputs differ',
    type: 'success'
  });
  expect(noticeOf({ ...sweep, verdict: 'fails' }, trans).type).toBe('error');
});

test.each([
  ['mlops/mlflow/', null, undefined, 'http://x/user/ada/mlops/mlflow/'],
  [
    'mlops/mlflow/',
    aSweep({ experiment_id: '7' }),
    undefined,
    'http://x/user/ada/mlops/mlflow/#/experiments/7/runs/s1'
  ],
  [
    'https://mlflow.example.org',
    aSweep({ experiment_id: '7' }),
    'r3',
    'https://mlflow.example.org/#/experiments/7/runs/r3'
  ]
])('MLflow at %s', (mlflow_ui, sweep, run, address) => {
  const status = { ...A_STATUS, mlflow_ui };
  expect(mlflowAddress(status, 'http://x/user/ada/', sweep, run)).toBe(address);
});

test('the example has a parameters cell and a Python kernel, if there is one', () => {
  const spec = (name: string, language: string) => ({
    name,
    language,
    display_name: name,
    argv: [],
    resources: {}
  });
  const notebook = exampleNotebook({
    default: 'ir',
    kernelspecs: { ir: spec('ir', 'R'), py: spec('py', 'python') }
  });
  expect(notebook.metadata.kernelspec?.name).toBe('py');
  expect(notebook.cells[1].metadata.tags).toEqual(['parameters']);
  expect(exampleNotebook(null).metadata.kernelspec).toBeUndefined();
});
