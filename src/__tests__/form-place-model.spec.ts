import { nullTranslator } from '@jupyterlab/translation';

import type { Status, SweepRequest } from '../api';
import { MlopsModel } from '../model';
import { SweepFormModel } from '../sweep/form-model';
import { DEFAULTS, type Defaults } from '../sweep/form-state';
import { aSweep, KUBERNETES, LOCAL, Server } from './fake-server';
import { aNotebook } from './form-values';

const trans = nullTranslator.load('');
const path = 'work/train.ipynb';

let server: Server;
let model: MlopsModel;
let form: SweepFormModel;
let kept: unknown;
let asked: SweepRequest[];

/** A form of a server that offers two executors. */
async function open(
  more: Partial<SweepFormModel.IOptions> = {},
  defaults: Partial<Defaults> = {}
): Promise<void> {
  model = new MlopsModel({ serverSettings: server.settings, trans });
  form = new SweepFormModel({
    path,
    model,
    trans,
    defaults: async () => ({ ...DEFAULTS, ...defaults }),
    save: async () => undefined,
    run: request => model.createSweep(request),
    recall: async () => kept,
    remember: state => {
      kept = JSON.parse(JSON.stringify(state));
    },
    ...more
  });
  await form.load(false);
  await pass(1_000);
}

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

function offer(...executors: Status['executors']): void {
  server.status = { ...server.status, executors };
}

beforeEach(() => {
  jest.useFakeTimers();
  kept = undefined;
  asked = [];
  server = new Server();
  offer(LOCAL, KUBERNETES);
  server.routes.set('GET notebook', () => aNotebook());
  server.routes.set('POST sweeps/plan', body => {
    asked.push(body as SweepRequest);
    const { executor, parallelism } = body as SweepRequest;
    const refused = executor === 'kubernetes' && (parallelism ?? 0) > 8;
    const message = 'The profile allows 8 at once.';
    return {
      trials: 1,
      problems: refused ? [{ field: 'parallelism', message }] : []
    };
  });
  server.routes.set('POST sweeps', () => aSweep());
});

afterEach(() => {
  form.dispose();
  model.dispose();
  jest.useRealTimers();
});

test('the place is ordered, and remembered for the notebook', async () => {
  await open();
  form.update({ executor: 'kubernetes', profile: 'gpu-small', pods: '6' });
  await pass(1_000);
  expect(asked.pop()).toMatchObject({
    executor: 'kubernetes',
    profile: 'gpu-small',
    parallelism: 6
  });
  form.dispose();
  model.dispose();

  await open();
  expect(form.recalled).toBe(true);
  expect(form.state).toMatchObject({ executor: 'kubernetes', pods: '6' });
});

test('the settings say where a new form begins', async () => {
  await open({}, { executor: 'kubernetes', profile: 'gpu-small' });
  expect(asked.pop()).toMatchObject({
    executor: 'kubernetes',
    profile: 'gpu-small',
    parallelism: null
  });
  expect(form.recalled).toBe(false);
});

test('settings that nothing here fits are left out', async () => {
  offer(LOCAL);
  await open({}, { executor: 'kubernetes', profile: 'gpu-small' });
  expect(asked.pop()).toMatchObject({ executor: null, profile: null });
});

test('trials at once on this machine are its own, though a cluster is the default', async () => {
  offer(KUBERNETES, { ...LOCAL, parallelism: 3 });
  server.routes.set('GET notebook', () => aNotebook({ parallelism: 10 }));
  await open();
  await form.startOver();
  expect(form.state?.parallelism).toBe('3');
});

test('a place that cannot be used keeps from running, with the reason, at once', async () => {
  offer(LOCAL, { ...KUBERNETES, problem: 'Pods cannot reach the store.' });
  await open();
  expect(form.blocked).toBeNull();
  form.update({ executor: 'kubernetes' });
  expect(form.blocked).toBe(
    'Kubernetes cannot be used as it is set up; see “Run on”.'
  );
  expect(await form.run()).toBeNull();

  form.update({ executor: 'local' });
  expect(form.blocked).toBeNull();
  expect(await form.run()).not.toBeNull();
});

test('what was wrong with one place is not said of another', async () => {
  await open();
  form.update({ executor: 'kubernetes', pods: '9' });
  await pass(1_000);
  expect(form.blocked).toBe('Mend first: Pods at once.');
  form.update({ executor: 'local' });
  expect(form.problems).toEqual([]);
});

test('what is offered may be known after the form is there, and change', async () => {
  kept = { executor: 'kubernetes', profile: 'gpu-small' };
  server.status = { ...server.status, online: false, message: 'Asleep.' };
  offer();
  await open();
  expect(form.offers).toEqual([]);
  expect(form.state?.executor).toBe('kubernetes');

  server.status = { ...server.status, online: true };
  offer(LOCAL);
  await model.refresh();
  await pass(1_000);
  expect(form.offers).toEqual([LOCAL]);
  expect(form.state?.executor).toBe('');
  expect(asked.pop()).toMatchObject({ executor: null, profile: null });
});

test('an earlier sweep’s place stays, though it is not offered', async () => {
  offer(LOCAL);
  const order = {
    notebook: path,
    executor: 'kubernetes',
    profile: 'gpu-small',
    parallelism: 4,
    trials_per_pod: 2
  };
  await open({ again: async () => order });
  expect(asked.pop()).toMatchObject(order);
});
