import type { Event } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { Stream } from '@lumino/signaling';

import type { Sweep } from '../api';
import { CHANGED_SCHEMA, MlopsModel } from '../model';
import { aSweep, aTrial, Server, ServerThatGoesAway } from './fake-server';

const trans = nullTranslator.load('');

let model: MlopsModel;
let events: Stream<Event.IManager, Event.Emission>;

function start(server: Server): MlopsModel {
  events = new Stream<Event.IManager, Event.Emission>({} as Event.IManager);
  model = new MlopsModel({ serverSettings: server.settings, events, trans });
  return model;
}

function hint(kind: string, id = ''): void {
  events.emit({ schema_id: CHANGED_SCHEMA, kind, id });
}

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  model.dispose();
  jest.useRealTimers();
});

describe('the list of sweeps', () => {
  test('is there after the first answer, and not before', async () => {
    const server = new Server();
    server.sweeps = [aSweep()];
    start(server);

    expect(model.ready).toBe(false);
    await pass(10);

    expect(model.ready).toBe(true);
    expect(model.sweeps).toEqual(server.sweeps);
    expect(model.status?.mlflow_ui).toBe('mlops/mlflow/');
    expect(model.offline).toBeNull();
  });

  test('is asked for again by itself, sooner while a sweep is alive', async () => {
    const server = new Server();
    server.sweeps = [aSweep()];
    start(server);
    await pass(60_000);
    const alive = server.count('GET sweeps');

    server.sweeps = [aSweep({ state: 'succeeded', ended: 2_000 })];
    await pass(60_000);
    const quiet = server.count('GET sweeps') - alive;

    expect(alive).toBeGreaterThanOrEqual(11);
    expect(quiet).toBeGreaterThanOrEqual(4);
    expect(quiet).toBeLessThan(7);
  });

  test('follows a hint within a second, and a hundred hints with few questions', async () => {
    const server = new Server();
    start(server);
    await pass(1_500);
    const before = server.count('GET sweeps');
    server.sweeps = [aSweep()];

    for (let i = 0; i < 100; i++) {
      hint('sweep', 's1');
      await pass(10);
    }
    await pass(1_000);

    expect(model.sweeps).toHaveLength(1);
    expect(server.count('GET sweeps') - before).toBeLessThanOrEqual(3);
  });

  test('events of others are none of its business', async () => {
    const server = new Server();
    start(server);
    await pass(1_500);
    const before = server.asked.length;

    events.emit({ schema_id: 'https://example.org/other', kind: 'sweeps' });
    await pass(1_500);

    expect(server.asked.length).toBe(before);
  });

  test('a server that goes away is said so in words, tried again, and forgotten when it is back', async () => {
    const server = new ServerThatGoesAway();
    server.sweeps = [aSweep()];
    start(server);
    await pass(10);

    server.gone = true;
    await pass(6_000);
    expect(model.offline).toMatch(/does not answer/);
    expect(model.retryAt).toBeGreaterThan(Date.now());
    // What was known stays in view.
    expect(model.sweeps).toHaveLength(1);

    server.gone = false;
    await model.refresh();
    expect(model.offline).toBeNull();
    expect(model.retryAt).toBeNull();
  });

  test('questions to a server that stays away grow rarer', async () => {
    // The poll draws its pauses, so that not all browsers come back at once.
    const drawn = jest.spyOn(Math, 'random').mockReturnValue(0.5);
    const server = new ServerThatGoesAway();
    server.gone = true;
    start(server);
    await pass(10 * 60_000);
    drawn.mockRestore();

    expect(server.asked.length).toBeGreaterThan(8);
    expect(server.asked.length).toBeLessThan(30);
  });

  test('a store that does not answer is offline although the server does', async () => {
    const server = new Server();
    server.status.online = false;
    server.status.message = 'MLflow at http://x does not answer.';
    start(server);
    await pass(10);

    expect(model.offline).toBe('MLflow at http://x does not answer.');
    expect(model.ready).toBe(false);
  });

  test('the end of a sweep that was seen alive is told once', async () => {
    const server = new Server();
    const over = aSweep({ id: 's0', state: 'failed', ended: 500 });
    server.sweeps = [aSweep(), over];
    const ended: Sweep[] = [];
    start(server).ended.connect((_, sweep) => ended.push(sweep));
    await pass(10);

    server.sweeps = [aSweep({ state: 'succeeded', ended: 2_000 }), over];
    await pass(60_000);

    expect(ended.map(({ id }) => id)).toEqual(['s1']);
  });

  test('what pressing Pause answers is in view at once', async () => {
    const server = new Server();
    server.sweeps = [aSweep()];
    const paused = aSweep({ state: 'paused' });
    server.routes.set('POST sweeps/s1/pause', () => paused);
    start(server);
    await pass(10);

    await model.pause('s1');

    expect(model.sweeps).toEqual([paused]);
  });
});

describe('a sweep', () => {
  test('has all its trials, page by page, drawn at most once a frame', async () => {
    const server = new Server();
    server.sweeps = [aSweep()];
    server.change(
      's1',
      Array.from({ length: 2_500 }, (_, index) => aTrial(index))
    );
    const sweep = start(server).sweep('s1');
    let drawn = 0;
    sweep.changed.connect(() => drawn++);
    expect(sweep.loading).toBe(true);

    await pass(100);

    expect(sweep.loading).toBe(false);
    expect(sweep.trials.size).toBe(2_500);
    expect(server.count('GET sweeps/s1/trials')).toBe(3);
    expect(drawn).toBeLessThanOrEqual(3);
    expect(sweep.revision).toBe(drawn);
    sweep.dispose();
  });

  test('asks after a hint only for what changed, four times a second at most', async () => {
    const server = new Server();
    server.sweeps = [aSweep()];
    server.change('s1', [aTrial(0, { state: 'running' }), aTrial(1)]);
    const sweep = start(server).sweep('s1');
    await pass(1_000);
    const before = server.count('GET sweeps/s1/trials');

    server.change('s1', [aTrial(0, { objective: 0.9 })]);
    for (let i = 0; i < 100; i++) {
      hint('sweep', 's1');
      await pass(10);
    }
    await pass(300);

    expect(sweep.trials.get(0)?.objective).toBe(0.9);
    const asked = server.count('GET sweeps/s1/trials') - before;
    expect(asked).toBeGreaterThan(2);
    expect(asked).toBeLessThanOrEqual(6);
    sweep.dispose();
  });

  test('is not asked for after a hint for another', async () => {
    const server = new Server();
    server.sweeps = [aSweep()];
    const sweep = start(server).sweep('s1');
    await pass(1_000);
    const before = server.count('GET sweeps/s1');

    hint('sweep', 's2');
    await pass(1_000);

    expect(server.count('GET sweeps/s1')).toBe(before);
    sweep.dispose();
  });

  test('without any event is up to date after a few seconds', async () => {
    const server = new Server();
    server.sweeps = [aSweep()];
    const sweep = start(server).sweep('s1');
    await pass(1_000);

    server.change('s1', [aTrial(7)]);
    await pass(6_000);

    expect(sweep.trials.has(7)).toBe(true);
    sweep.dispose();
  });

  test('that a restarted server tells from the start replaces all that was known', async () => {
    const server = new Server();
    server.sweeps = [aSweep()];
    server.change('s1', [aTrial(0), aTrial(1), aTrial(2)]);
    const sweep = start(server).sweep('s1');
    await pass(1_000);

    server.restart(true);
    server.change('s1', [aTrial(1, { state: 'lost' })]);
    await sweep.refresh();

    expect([...sweep.trials.values()]).toEqual([aTrial(1, { state: 'lost' })]);
    sweep.dispose();
  });

  test('is asked for once, however many hold it, and no more when all let go', async () => {
    const server = new Server();
    server.sweeps = [aSweep()];
    start(server);
    const one = model.sweep('s1');
    const two = model.sweep('s1');
    await pass(100);
    expect(server.count('GET sweeps/s1')).toBe(1);

    one.dispose();
    one.dispose();
    await pass(6_000);
    expect(server.count('GET sweeps/s1')).toBe(2);
    expect(two.sweep?.id).toBe('s1');

    two.dispose();
    await pass(60_000);
    expect(server.count('GET sweeps/s1')).toBe(2);
  });

  test('that has ended is left in peace, until it is resumed', async () => {
    const server = new Server();
    server.sweeps = [aSweep({ state: 'succeeded', ended: 2_000 })];
    const sweep = start(server).sweep('s1');
    await pass(60_000);
    expect(server.count('GET sweeps/s1')).toBe(1);

    server.sweeps = [aSweep()];
    hint('sweep', 's1');
    await pass(60_000);

    expect(sweep.sweep?.state).toBe('running');
    expect(server.count('GET sweeps/s1')).toBeGreaterThan(8);
    sweep.dispose();
  });

  test('that does not exist says so', async () => {
    const sweep = start(new Server()).sweep('s9');
    await pass(100);

    expect(sweep.error).toBe('No sweep s9.');
    expect(sweep.loading).toBe(false);
    sweep.dispose();
  });
});
