import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';
import {
  act,
  cleanup,
  fireEvent,
  screen,
  waitFor,
  within
} from '@testing-library/react';

import type { Trial } from '../api';
import { MlopsModel } from '../model';
import { SweepPageWidget } from '../sweep/page-widget';
import { CommandIDs } from '../tokens';
import { aSweep, aTrial, Server } from './fake-server';

const trans = nullTranslator.load('');

let commands: CommandRegistry;
let executed: [string, unknown][];
let model: MlopsModel;
let page: SweepPageWidget;
let server: Server;

/** jsdom lays nothing out: everything is as large as a window. */
beforeAll(() => {
  for (const side of ['offsetWidth', 'offsetHeight', 'clientHeight']) {
    Object.defineProperty(HTMLElement.prototype, side, {
      configurable: true,
      value: 600
    });
  }
});

beforeEach(() => {
  server = new Server();
  commands = new CommandRegistry();
  executed = [];
  for (const id of Object.values(CommandIDs)) {
    commands.addCommand(id, {
      describedBy: { args: { type: 'object' } },
      execute: args => executed.push([id, args])
    });
  }
});

afterEach(() => {
  act(() => page.dispose());
  model.dispose();
  cleanup();
});

async function settled(): Promise<void> {
  await act(async () => {
    await new Promise(resolve => setTimeout(resolve, 60));
  });
}

async function open(): Promise<void> {
  model = new MlopsModel({ serverSettings: server.settings, trans });
  page = new SweepPageWidget({
    id: 's1',
    model,
    commands,
    baseUrl: 'http://localhost/',
    trans
  });
  act(() => Widget.attach(page, document.body));
  const handle = model.sweep('s1');
  await waitFor(() => {
    expect(model.ready).toBe(true);
    expect(handle.loading).toBe(false);
  });
  handle.dispose();
  await settled();
}

/** The server has news, and the page hears of it. */
async function news(...trials: Trial[]): Promise<void> {
  server.change('s1', trials);
  const handle = model.sweep('s1');
  await act(() => handle.refresh());
  handle.dispose();
  await settled();
}

function rows(): string[] {
  const grid = screen.getByRole('grid', { name: /^Trials/ });
  return [...grid.querySelectorAll<HTMLElement>('[data-index]')]
    .sort((a, b) => position(a) - position(b))
    .map(row => row.dataset.index!);
}

function position(row: HTMLElement): number {
  return Number(row.getAttribute('aria-rowindex'));
}

function row(index: number): HTMLElement {
  return document.querySelector<HTMLElement>(`[data-index="${index}"]`)!;
}

function body(): HTMLElement {
  return screen
    .getByRole('grid')
    .querySelector<HTMLElement>('.jp-mlops-Trials-body')!;
}

const WITH_C = {
  parameters: {
    C: { kind: 'list' as const, values: [1, 2] },
    n_jobs: { kind: 'fixed' as const, value: 1 }
  }
};

describe('the head', () => {
  test('says how it is, how far, what is best and how long', async () => {
    const counts = { succeeded: 38, failed: 3, running: 4, queued: 15 };
    const best = { index: 17, objective: 0.97312 };
    server.sweeps = [aSweep({ total: 60, counts, best, seconds_left: 170 })];
    await open();

    expect(page.title.label).toBe('● digits · sweep');
    expect(screen.getByRole('heading').textContent).toBe('●digits');
    screen.getByText(
      '41/60 · best accuracy 0.973 (trial 17) · about 3 min left'
    );
    const bar = screen.getByRole('progressbar');
    expect(bar.getAttribute('aria-valuenow')).toBe('41');
    expect(bar.getAttribute('aria-valuetext')).toBe(
      '41 of 60 trials ended, 38 succeeded, 3 failed, 4 running'
    );
    expect(screen.getByRole('link', { name: 'MLflow ↗' })).toHaveProperty(
      'href',
      'http://localhost/mlops/mlflow/#/experiments/1/runs/s1'
    );
  });

  test.each<[Parameters<typeof aSweep>[0], string[]]>([
    [{ state: 'running' }, ['Pause', 'Stop']],
    [{ state: 'paused' }, ['Resume', 'Stop']],
    [{ state: 'lost' }, ['Stop']],
    [{ state: 'stopping' }, []],
    [{ state: 'succeeded', ended: 61_000 }, []]
  ])('%j offers %j', async (state, names) => {
    server.sweeps = [aSweep(state)];
    await open();

    const group = screen.getByRole('group', { name: 'Sweep' });
    const buttons = within(group).queryAllByRole('button');
    expect(buttons.map(button => button.textContent)).toEqual(names);
    buttons.forEach(button => fireEvent.click(button));
    expect(executed.map(([id]) => id)).toEqual(
      names.map(name => `mlops:${name.toLowerCase()}`)
    );
  });

  test('a lost sweep says what that means and what to press', async () => {
    server.sweeps = [aSweep({ state: 'lost' })];
    await open();

    const words = screen.getByRole('alert');
    expect(words.textContent).toMatch(/The runner is gone/);
    fireEvent.click(within(words).getByRole('button', { name: 'Resume' }));
    expect(executed).toEqual([[CommandIDs.resume, { id: 's1' }]]);
  });

  test('what was known stays when the server falls silent', async () => {
    server.sweeps = [aSweep()];
    server.change('s1', [aTrial(0)]);
    await open();
    server.status = {
      ...server.status,
      online: false,
      message: 'MLflow sleeps.'
    };
    server.routes.set('GET sweeps', () => {
      throw new Error('down');
    });
    await act(() => model.refresh());
    await settled();

    expect(screen.getByRole('alert').textContent).toMatch(/Try again$/);
    expect(rows()).toEqual(['0']);
  });

  test('names are text, whatever they hold', async () => {
    const name = '<img src=x onerror="window.hacked=1">';
    server.sweeps = [aSweep({ name, reason: name, notebook: name })];
    server.change('s1', [aTrial(0, { reason: name, parameters: { C: name } })]);
    await open();

    fireEvent.click(row(0));
    expect(page.node.querySelector('img')).toBeNull();
    expect(screen.getByRole('heading', { level: 2 }).textContent).toContain(
      name
    );
  });
});

describe('the table', () => {
  test('shows the best first, and only what differs between trials', async () => {
    server.sweeps = [aSweep(WITH_C)];
    server.change('s1', [
      aTrial(0, { parameters: { C: 1, n_jobs: 1 } }),
      aTrial(1, { state: 'queued', objective: null, run_id: '' }),
      aTrial(2, { objective: 0.98765 })
    ]);
    await open();

    expect(rows()).toEqual(['2', '0', '1']);
    const heads = screen.getAllByRole('columnheader');
    expect(heads.map(head => head.textContent)).toEqual([
      '#',
      'state',
      'accuracy▾',
      'C',
      'cells',
      'time',
      'actions'
    ]);
    expect(heads[2].getAttribute('aria-sort')).toBe('descending');
    const cells = within(row(2)).getAllByRole('gridcell');
    expect(cells.slice(0, 3).map(cell => cell.textContent)).toEqual([
      '2',
      '✓succeeded',
      '0.9877'
    ]);
    fireEvent.pointerEnter(row(2));
    expect(cells[2].title).toBe('0.98765');
    const grid = screen.getByRole('grid');
    expect(grid.getAttribute('aria-rowcount')).toBe('4');
  });

  test('only rows in sight are in the page, of 10,000', async () => {
    server.sweeps = [aSweep({ total: 10_000 })];
    server.change(
      's1',
      Array.from({ length: 10_000 }, (_, i) => aTrial(i))
    );
    await open();
    await settled();

    const grid = screen.getByRole('grid');
    expect(grid.getAttribute('aria-rowcount')).toBe('10001');
    expect(rows().length).toBeLessThan(60);
  });

  test('is sorted, filtered and given other columns', async () => {
    server.sweeps = [aSweep(WITH_C)];
    const failed = {
      state: 'failed',
      objective: null,
      reason: 'NameError'
    } as const;
    server.change('s1', [aTrial(0), aTrial(1, failed), aTrial(2)]);
    server.sweeps[0].counts = { succeeded: 2, failed: 1 };
    await open();

    fireEvent.click(screen.getByRole('button', { name: /accuracy/ }));
    expect(rows()).toEqual(['0', '2', '1']);
    fireEvent.change(screen.getByRole('searchbox'), {
      target: { value: 'nameerr' }
    });
    expect(rows()).toEqual(['1']);
    screen.getByText('1 of 3');
    fireEvent.change(screen.getByRole('searchbox'), { target: { value: '' } });
    fireEvent.click(screen.getByRole('button', { name: /succeeded/ }));
    expect(rows()).toEqual(['0', '2']);

    fireEvent.click(screen.getByRole('button', { name: 'Columns' }));
    const tastes: unknown[] = [];
    page.tasteChanged.connect((_, taste) => tastes.push(taste.columns));
    fireEvent.click(screen.getByRole('checkbox', { name: 'n_jobs' }));
    await settled();
    screen.getByRole('columnheader', { name: 'n_jobs' });
    expect(tastes).toEqual([{ 'parameter:n_jobs': true }]);
  });

  test('rows stay under the pointer; results gather and come in at a press', async () => {
    server.sweeps = [aSweep()];
    const running = { state: 'running', objective: null, ended: null } as const;
    server.change('s1', [aTrial(0), aTrial(1, running), aTrial(2, running)]);
    await open();

    fireEvent.pointerEnter(body());
    await news(aTrial(1, { objective: 0.9 }), aTrial(2, { objective: 0.8 }));
    expect(rows()).toEqual(['0', '1', '2']);
    expect(row(1).textContent).toContain('0.9000');
    fireEvent.click(screen.getByRole('button', { name: '2 new results' }));
    expect(rows()).toEqual(['1', '2', '0']);

    await news(aTrial(0, { objective: 0.95 }));
    expect(rows()).toEqual(['1', '2', '0']);
    fireEvent.pointerLeave(body());
    expect(rows()).toEqual(['0', '1', '2']);
  });

  test('is gone through with keys', async () => {
    server.sweeps = [aSweep()];
    server.change('s1', [aTrial(0), aTrial(1), aTrial(2)]);
    await open();
    const grid = screen.getByRole('grid');
    const press = (key: string) => fireEvent.keyDown(grid, { key });
    const at = () => grid.getAttribute('aria-activedescendant')!.split('-')[1];

    act(() => grid.focus());
    expect(at()).toBe('2');
    press('ArrowDown');
    expect(at()).toBe('1');
    press('End');
    press('ArrowDown');
    expect(at()).toBe('0');
    press('Home');
    press('Enter');
    expect(executed).toEqual([
      [CommandIDs.openTrial, { sweep: 's1', index: 2 }]
    ]);
    press(' ');
    screen.getByRole('region', { name: 'Trial 2' });
    press('ArrowDown');
    screen.getByRole('region', { name: 'Trial 1' });
  });

  test('a trial that runs can be stopped, one that has ended cannot', async () => {
    server.sweeps = [aSweep()];
    server.change('s1', [
      aTrial(0),
      aTrial(1, { state: 'running', ended: null })
    ]);
    await open();

    fireEvent.click(row(0));
    expect(screen.queryByRole('button', { name: 'Stop trial 0' })).toBeNull();
    fireEvent.click(row(1));
    fireEvent.click(screen.getByRole('button', { name: 'Stop trial 1' }));
    expect(executed).toEqual([
      [CommandIDs.stopTrial, { sweep: 's1', index: 1 }]
    ]);
  });
});

describe('a trial beside the table', () => {
  test('a failed one says why and opens at the failed cell', async () => {
    server.sweeps = [aSweep()];
    const reason = 'NameError in cell 5: x';
    const failed = {
      state: 'failed',
      objective: null,
      cells_done: 4,
      reason
    } as const;
    server.change('s1', [aTrial(3, failed)]);
    await open();

    fireEvent.click(row(3));
    const panel = screen.getByRole('region', { name: 'Trial 3' });
    within(panel).getByText(reason);
    within(panel).getByText('4 of 5 cells executed.');
    fireEvent.click(
      within(panel).getByRole('button', { name: 'Open at the failed cell' })
    );
    expect(executed).toEqual([
      [CommandIDs.openTrial, { sweep: 's1', index: 3 }]
    ]);
    fireEvent.click(
      within(panel).getByRole('button', { name: 'Close trial 3' })
    );
    expect(screen.queryByRole('region', { name: 'Trial 3' })).toBeNull();
  });

  test('its log is read to the end, and then no more', async () => {
    server.sweeps = [aSweep()];
    server.change('s1', [aTrial(0)]);
    const pieces = ['first\n', '\u001b[31msecond\u001b[0m <b>x</b>\n'];
    server.routes.set('GET sweeps/s1/trials/0/log', () => {
      const text = pieces.shift()!;
      return { text, next: 100 - pieces.length, ended: pieces.length === 0 };
    });
    await open();

    fireEvent.click(row(0));
    fireEvent.click(screen.getByRole('tab', { name: 'Log' }));
    await settled();
    await settled();
    expect(screen.getByRole('log').textContent).toBe(
      'first\nsecond <b>x</b>\n'
    );
    expect(server.count('GET sweeps/s1/trials/0/log')).toBe(2);
  });
});
