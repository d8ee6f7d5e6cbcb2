import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { act, fireEvent, screen } from '@testing-library/react';

import type { NotebookState } from '../api';
import { MlopsModel } from '../model';
import { Badge } from '../snapshot/badge';
import { BadgeModel } from '../snapshot/badge-model';
import { refusal, Server } from './fake-server';
import { aSnapshot, aState, DIGEST } from './snapshot-values';

const trans = nullTranslator.load('');
const PATH = 'work/digits.ipynb';

/** As much of a document as a badge looks at. */
class FakeContext {
  dirty = false;
  isReady = true;
  readonly pathChanged = new Signal<object, string>(this);
  readonly saveState = new Signal<object, string>(this);
  readonly stateChanged = new Signal<object, { name: string }>(this);

  get model() {
    return { dirty: this.dirty, stateChanged: this.stateChanged };
  }

  save(): void {
    this.saveState.emit('started');
    this.saveState.emit('completed');
    this.setDirty(false);
  }

  setDirty(dirty: boolean): void {
    this.dirty = dirty;
    this.stateChanged.emit({ name: 'dirty' });
  }
}

let badge: Badge;
let context: FakeContext;
let keeps: number;
let model: MlopsModel;
let opened: string[];
let server: Server;
let visible: boolean;

const pass = (ms: number) => act(() => jest.advanceTimersByTimeAsync(ms));
const asked = () => server.count('GET notebook/state');

/** Open a notebook of which the server says this. */
async function open(answer: NotebookState | Response): Promise<void> {
  server.routes.set('GET notebook/state', () => answer);
  model = new MlopsModel({ serverSettings: server.settings, trans });
  badge = new Badge({
    model: new BadgeModel({
      context: context as never,
      path: () => PATH,
      snapshots: model.snapshots,
      visible: () => visible
    }),
    trans,
    onOpen: digest => opened.push(digest),
    onKeep: () => keeps++
  });
  act(() => Widget.attach(badge, document.body));
  await pass(1_000);
}

beforeEach(() => {
  jest.useFakeTimers();
  server = new Server();
  context = new FakeContext();
  keeps = 0;
  opened = [];
  visible = true;
});

afterEach(() => {
  act(() => badge.dispose());
  model.dispose();
  jest.useRealTimers();
});

test('what is kept leads to its snapshot', async () => {
  await open(aState());
  const button = screen.getByRole('button', {
    name: /^Snapshot: kept a1b2c3d4/
  });
  expect(button.textContent).toBe('✓ kept a1b2c3d4');
  fireEvent.click(button);
  expect(opened).toEqual([DIGEST]);
});

test('what has changed says what, and since when, and is kept by a click', async () => {
  const taken = Date.now() - 7_200_000;
  const { sighting } = aSnapshot();
  const last = aSnapshot({ sighting: { ...sighting!, taken } });
  const changed = ['notebook', 'environment'];
  await open(aState({ kept: false, last, changed }));

  const button = screen.getByRole('button');
  expect(button.textContent).toBe('≠ changed');
  expect(button.title).toMatch(/^Changed: the notebook, what is installed\./);
  expect(button.title).toContain('a1b2c3d4, kept 2 hours ago');
  fireEvent.click(button);
  expect([keeps, opened]).toEqual([1, []]);
});

test('what was never kept says so', async () => {
  await open(aState({ kept: false, last: null }));
  expect(screen.getByRole('button').textContent).toBe('○ not kept yet');
});

test('changes that are not saved are no part of any answer', async () => {
  await open(aState());
  act(() => context.setDirty(true));
  await pass(50);
  const button = screen.getByRole('button');
  expect(button.textContent).toBe('✎ unsaved changes');
  fireEvent.click(button);
  expect(keeps).toBe(1);
});

test('the server is asked again after saving, once for several saves in a row', async () => {
  await open(aState());
  expect(asked()).toBe(1);
  server.routes.set('GET notebook/state', () =>
    aState({ kept: false, changed: ['notebook'] })
  );

  context.save();
  context.save();
  await pass(1_000);

  expect(asked()).toBe(2);
  expect(screen.getByRole('button').textContent).toBe('≠ changed');
});

test('the server is asked again when this notebook was kept, and not for another', async () => {
  await open(aState({ kept: false }));
  server.routes.set('POST snapshots', () => aSnapshot());

  await model.snapshots.create('work/other.ipynb');
  await pass(1_000);
  expect(asked()).toBe(1);
  await model.snapshots.create(PATH);
  await pass(1_000);
  expect(asked()).toBe(2);
});

test('nothing is asked for while nobody can see it', async () => {
  visible = false;
  await open(aState());
  context.save();
  await pass(1_000);
  expect(asked()).toBe(0);

  visible = true;
  document.dispatchEvent(new Event('visibilitychange'));
  await pass(1_000);
  expect(asked()).toBe(1);
});

test('a server that does not answer is no matter for the toolbar', async () => {
  await open(refusal('Unavailable', 'MLflow does not answer.', 503));
  expect(screen.queryByRole('button')).toBeNull();

  server.routes.set('GET notebook/state', () => aState());
  context.save();
  await pass(1_000);
  screen.getByRole('button', { name: /kept/ });
});
