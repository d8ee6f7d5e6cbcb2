import { nullTranslator } from '@jupyterlab/translation';

import type { SweepRequest } from '../api';
import { stateAgain } from '../sweep/form-again';
import { requestOf } from '../sweep/form-request';
import { initialState, restoredState } from '../sweep/form-state';
import { offeredPlace, placeOf, placeWords } from '../sweep/place';
import { aSweep, KUBERNETES, LOCAL } from './fake-server';
import { aNotebook } from './form-values';

const trans = nullTranslator.load('');
const BOTH = [LOCAL, KUBERNETES];
const fresh = initialState(aNotebook());

/** What a form orders that is filled in so. */
function ordered(change: Partial<typeof fresh>, offers = BOTH) {
  const state = { ...fresh, parallelism: '2', ...change };
  const { request, problems } = requestOf(
    'a.ipynb',
    state,
    trans,
    null,
    offers
  );
  expect(problems).toEqual([]);
  const { executor, profile, parallelism, trials_per_pod } = request!;
  return [executor, profile, parallelism, trials_per_pod];
}

describe('where trials run', () => {
  test('is left to the server where nothing is chosen', () => {
    expect(ordered({})).toEqual([null, null, 2, null]);
    expect(ordered({}, [])).toEqual([null, null, 2, null]);
    expect(ordered({}, [KUBERNETES])).toEqual([null, null, null, null]);
  });

  test('has pods of its own number, which this machine knows nothing of', () => {
    const pods = { profile: 'gpu-small', pods: '6', trialsPerPod: '3' };
    expect(ordered({ executor: 'kubernetes', ...pods })).toEqual([
      'kubernetes',
      'gpu-small',
      6,
      3
    ]);
    expect(ordered({ executor: 'local', ...pods })).toEqual([
      'local',
      null,
      2,
      null
    ]);
  });

  test('cannot be told from texts that are no numbers', () => {
    const { problems } = requestOf(
      'a.ipynb',
      { ...fresh, executor: 'kubernetes', pods: 'all', trialsPerPod: '1.5' },
      trans,
      null,
      BOTH
    );
    expect(problems).toEqual([
      { field: 'parallelism', message: '“all” is not a whole number.' },
      { field: 'trials_per_pod', message: '“1.5” is not a whole number.' }
    ]);
  });

  test.each([
    [[LOCAL], '', false],
    [BOTH, '', true],
    // An earlier sweep ran where nothing runs now: there is something to choose again.
    [[LOCAL], 'kubernetes', true],
    [[{ ...KUBERNETES, problem: 'No store.' }], '', true],
    [[], 'kubernetes', false]
  ])('of %j, with %j chosen, is shown: %p', (offers, executor, isShown) => {
    expect(placeOf({ executor, profile: '' }, offers).isShown).toBe(isShown);
  });
});

describe('the place of the last time', () => {
  const kept = {
    ...fresh,
    executor: 'kubernetes',
    profile: 'gpu-small',
    pods: '6',
    trialsPerPod: '3'
  };

  test('comes back, also when this machine was chosen in between', () => {
    const again = restoredState(JSON.parse(JSON.stringify(kept)), fresh);
    expect(offeredPlace(again, BOTH)).toEqual(kept);
    const here = { ...kept, executor: 'local' };
    expect(offeredPlace(here, BOTH)).toEqual(here);
  });

  test('gives way where it is not offered any more', () => {
    expect(offeredPlace(kept, [LOCAL])).toMatchObject({
      executor: '',
      profile: ''
    });
    const [small] = KUBERNETES.profiles;
    const offers = [LOCAL, { ...KUBERNETES, profiles: [small] }];
    expect(offeredPlace(kept, offers)).toMatchObject({
      executor: 'kubernetes',
      profile: ''
    });
    expect(offeredPlace(kept, [])).toBe(kept);
  });
});

describe('an earlier sweep’s place', () => {
  const ORDER: SweepRequest = {
    notebook: 'a.ipynb',
    executor: 'kubernetes',
    profile: 'gpu-small',
    parallelism: 6,
    trials_per_pod: 3
  };

  test('is ordered again', () => {
    const state = stateAgain(ORDER, fresh);
    expect(state).toMatchObject({ pods: '6', parallelism: '2' });
    const { request } = requestOf('a.ipynb', state, trans, null, BOTH);
    expect(request).toMatchObject(ORDER);
  });

  test('is ordered as it was where it is not offered: the server says so', () => {
    const state = stateAgain(ORDER, fresh);
    const { request } = requestOf('a.ipynb', state, trans, null, [LOCAL]);
    expect(request).toMatchObject(ORDER);
  });

  test('on this machine is not that of the settings', () => {
    const settings = { ...fresh, executor: 'kubernetes', profile: 'small' };
    const order = { notebook: 'a.ipynb', executor: 'local', parallelism: 3 };
    expect(stateAgain(order, settings)).toMatchObject({
      executor: 'local',
      profile: '',
      parallelism: '3',
      pods: ''
    });
  });
});

test.each([
  [{}, 'this machine · 2 at once'],
  [
    { executor: 'kubernetes', profile: 'gpu-small', parallelism: 1200 },
    'Kubernetes · GPU small · 1,200 pods at once'
  ],
  [
    { executor: 'kubernetes', profile: 'gone', parallelism: 1 },
    'Kubernetes · gone · 1 pod at once'
  ],
  [{ executor: 'slurm', profile: '' }, 'slurm · 2 at once']
])('a sweep with %j runs on: %s', (change, words) => {
  expect(placeWords(aSweep(change), BOTH, trans)).toBe(words);
});
