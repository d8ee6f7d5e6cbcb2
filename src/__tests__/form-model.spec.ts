import { nullTranslator } from '@jupyterlab/translation';

import type { Sweep, SweepRequest } from '../api';
import { MlopsModel } from '../model';
import { SweepFormModel } from '../sweep/form-model';
import { DEFAULTS } from '../sweep/form-state';
import { aSweep, refusal, Server, ServerThatGoesAway } from './fake-server';
import { aNotebook } from './form-values';

const trans = nullTranslator.load('');
const path = 'work/train.ipynb';

let model: MlopsModel;
let form: SweepFormModel;
let kept: unknown;
let saved: number;

/** A server that counts one trial for each value of a list. */
function counting<T extends Server>(server: T): T {
  server.routes.set('GET notebook', () => aNotebook());
  server.routes.set('POST sweeps/plan', body => {
    const trials = Object.values((body as SweepRequest).parameters ?? {})
      .map(it => (it.kind === 'list' ? it.values.length : 1))
      .reduce((a, b) => a * b, 1);
    return { trials, problems: [] };
  });
  server.routes.set('POST sweeps', body => aSweep(body as Partial<Sweep>));
  return server;
}

function open(
  server: Server,
  more: Partial<SweepFormModel.IOptions> = {}
): SweepFormModel {
  model = new MlopsModel({ serverSettings: server.settings, trans });
  form = new SweepFormModel({
    path,
    model,
    trans,
    defaults: async () => DEFAULTS,
    save: async () => {
      saved++;
    },
    run: request => model.createSweep(request),
    recall: async () => kept,
    remember: state => {
      kept = JSON.parse(JSON.stringify(state));
    },
    ...more
  });
  return form;
}

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  jest.useFakeTimers();
  kept = undefined;
  saved = 0;
});

afterEach(() => {
  form.dispose();
  model.dispose();
  jest.useRealTimers();
});

test('loading saves the notebook, reads it, and says what Run would do', async () => {
  open(counting(new Server()));
  await form.load(true);
  await pass(10);

  expect(saved).toBe(1);
  expect(form.trials).toBe(1);
  expect(form.blocked).toBeNull();
});

test('a change is counted once the typing stops', async () => {
  const server = counting(new Server());
  await open(server).load(true);
  await pass(10);
  const before = server.count('POST sweeps/plan');

  form.updateRow('lr', { kind: 'list', list: '0.1,' });
  await pass(100);
  form.updateRow('lr', { list: '0.1, 0.2' });
  await pass(1_000);

  expect(form.trials).toBe(2);
  expect(server.count('POST sweeps/plan')).toBe(before + 1);
});

test('what cannot be read blocks Run with the names to mend, and asks nobody', async () => {
  const server = counting(new Server());
  await open(server).load(true);
  await pass(10);
  const before = server.count('POST sweeps/plan');

  form.updateRow('lr', { fixed: 'quick' });
  await pass(1_000);

  expect(form.problems.map(({ field }) => field)).toEqual(['parameters.lr']);
  expect(form.blocked).toBe('Mend first: lr.');
  expect(server.count('POST sweeps/plan')).toBe(before);
  expect(await form.run()).toBeNull();
});

test('a late answer to an earlier question changes nothing', async () => {
  const server = counting(new Server());
  await open(server).load(true);
  await pass(10);
  let release: (response: Response) => void = () => undefined;
  const count = server.routes.get('POST sweeps/plan')!;
  server.routes.set(
    'POST sweeps/plan',
    () => new Promise<Response>(resolve => (release = resolve)) as never
  );
  form.updateRow('lr', { kind: 'list', list: '1, 2, 3, 4, 5' });
  await pass(1_000);

  server.routes.set('POST sweeps/plan', count);
  form.updateRow('lr', { list: '1, 2' });
  await pass(1_000);
  release(new Response('{"trials": 5, "problems": []}'));
  await pass(10);

  expect(form.trials).toBe(2);
});

test('Run saves, orders, and gives the sweep', async () => {
  await open(counting(new Server())).load(true);
  form.updateRow('lr', { kind: 'list', list: '0.1, 0.2' });

  // Pressed before the count of the last change was asked for.
  const sweep = await form.run();

  expect(saved).toBe(2);
  expect(sweep?.notebook).toBe(path);
  expect(sweep?.parameters.lr).toEqual({ kind: 'list', values: [0.1, 0.2] });
  expect(form.running).toBe(false);
});

test('a refusal of Run stands beside its field', async () => {
  const server = counting(new Server());
  const problems = [{ field: 'trials', message: 'Too many.' }];
  await open(server).load(true);
  await pass(10);
  server.routes.set('POST sweeps', () =>
    refusal('Invalid', 'trials: Too many.', 422, problems)
  );

  expect(await form.run()).toBeNull();
  expect(form.problems).toEqual(problems);
  expect(form.error).toBeNull();
});

test('a server that goes away blocks Run until it is back', async () => {
  const server = counting(new ServerThatGoesAway());
  await open(server).load(true);
  await pass(10);

  server.gone = true;
  form.update({ trials: '3' });
  await pass(1_000);
  expect(form.blocked).toMatch(/does not answer/);

  server.gone = false;
  form.retry();
  await pass(1_000);
  expect(form.blocked).toBeNull();
});

test('the values of the last time are there again, and can be left', async () => {
  const server = counting(new Server());
  await open(server).load(true);
  form.updateRow('lr', { kind: 'list', list: '0.1, 0.2' });
  form.dispose();
  model.dispose();

  await open(server).load(true);
  expect(form.recalled).toBe(true);
  expect(form.state?.rows[0].list).toBe('0.1, 0.2');

  await form.startOver();
  expect(form.recalled).toBe(false);
  expect(form.state?.rows[0].kind).toBe('fixed');
});

test('a notebook that cannot be read says why, and keeps what was filled in', async () => {
  const server = counting(new Server());
  await open(server).load(true);
  form.updateRow('lr', { fixed: '0.5' });
  const refused = () => refusal('Invalid', 'train.ipynb is not JSON.', 422);
  server.routes.set('GET notebook', refused);

  await form.load(true);

  expect(form.loadError).toBe('train.ipynb is not JSON.');
  expect(form.state?.rows[0].fixed).toBe('0.5');
});

test('parameters of a notebook nobody reads are named by hand', async () => {
  const server = counting(new Server());
  server.routes.set('GET notebook', () =>
    aNotebook({ language: 'R', readable: false, parameters: [] })
  );
  await open(server).load(true);

  form.addRow('alpha');
  form.addRow('alpha');
  form.updateRow('alpha', { fixed: '3' });
  expect((await form.run())?.parameters).toEqual({
    alpha: { kind: 'fixed', value: 3 }
  });

  form.removeRow('alpha');
  expect(form.state?.rows).toEqual([]);
});

describe('a form that runs a snapshot', () => {
  const snapshot = 'a1b2c3d4e5f6a7b8';
  const again = async () =>
    model.sweepRequest('s1').then(request => ({ ...request, snapshot }));

  function serving(): { server: Server; read: (string | null)[] } {
    const server = counting(new Server());
    const read: (string | null)[] = [];
    server.routes.set('GET notebook', (_, query) => {
      read.push(query!.get('snapshot'));
      return aNotebook();
    });
    server.routes.set('GET sweeps/s1/request', () => ({
      notebook: path,
      parameters: { lr: { kind: 'list', values: [0.1, 0.2, 0.3] } },
      seed: 17
    }));
    return { server, read };
  }

  test('begins with the order of an earlier sweep, and orders the snapshot', async () => {
    const { server, read } = serving();
    kept = { seed: '5' };
    await open(server, { snapshot, again }).load(true);
    await pass(10);
    expect(form.trials).toBe(3);
    expect(form.recalled).toBe(false);

    let ordered: SweepRequest | null = null;
    server.routes.set('POST sweeps', body => {
      ordered = body as SweepRequest;
      return aSweep();
    });
    await form.run();

    expect(ordered).toMatchObject({ notebook: path, snapshot, seed: 17 });
    // The file as it is now is neither read, nor written, nor are its values kept.
    expect(read).toEqual([snapshot]);
    expect(saved).toBe(0);
    form.update({ seed: '18' });
    expect(kept).toEqual({ seed: '5' });
  });

  test('can be made to run the file as it is now', async () => {
    const { server, read } = serving();
    await open(server, { snapshot, again }).load(true);
    await form.usePresent();
    await pass(10);

    expect(read).toEqual([snapshot, null]);
    expect(saved).toBe(1);
    expect(form.trials).toBe(3);
    const sweep = await form.run();
    expect(sweep).not.toHaveProperty('snapshot', snapshot);
  });
});
