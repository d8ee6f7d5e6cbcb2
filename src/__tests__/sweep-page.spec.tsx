import { act, fireEvent, screen, within } from '@testing-library/react';

import { CommandIDs } from '../tokens';
import { aSweep, aTrial, KUBERNETES, LOCAL } from './fake-server';
import { layOut, row, rows, settled, Story } from './sweep-story';

let story: Story;

beforeAll(layOut);

beforeEach(() => {
  story = new Story();
});

afterEach(() => story.close());

describe('the head', () => {
  test('says how it is, how far, what is best and how long', async () => {
    const counts = { succeeded: 38, failed: 3, running: 4, queued: 15 };
    const best = { index: 17, objective: 0.97312 };
    story.server.sweeps = [
      aSweep({ total: 60, counts, best, seconds_left: 170 })
    ];
    await story.open();

    expect(story.page.title.label).toBe('● digits · sweep');
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
    story.server.sweeps = [aSweep(state)];
    await story.open();

    const group = screen.getByRole('group', { name: 'Sweep' });
    const buttons = within(group).queryAllByRole('button');
    expect(buttons.map(button => button.textContent)).toEqual(names);
    buttons.forEach(button => fireEvent.click(button));
    expect(story.executed.map(([id]) => id)).toEqual(
      names.map(name => `mlops:${name.toLowerCase()}`)
    );
  });

  test('says where it runs, and what Pause does there', async () => {
    story.server.status.executors = [LOCAL, KUBERNETES];
    const place = { executor: 'kubernetes', profile: 'gpu-small' };
    story.server.sweeps = [aSweep({ ...place, parallelism: 10 })];
    await story.open();

    const where = 'Kubernetes · GPU small · 10 pods at once';
    screen.getByText(`· grid · ${where}`, { exact: false });
    fireEvent.click(screen.getByText('Details'));
    screen.getByText(where);
    expect(screen.getByRole('button', { name: 'Pause' }).title).toMatch(
      /interrupted, and begin again on Resume/
    );
  });

  test('a lost sweep says what that means and what to press', async () => {
    story.server.sweeps = [aSweep({ state: 'lost' })];
    await story.open();

    const words = screen.getByRole('alert');
    expect(words.textContent).toMatch(/The runner is gone/);
    fireEvent.click(within(words).getByRole('button', { name: 'Resume' }));
    expect(story.executed).toEqual([[CommandIDs.resume, { id: 's1' }]]);
  });

  test('what was known stays when the server falls silent', async () => {
    story.server.sweeps = [aSweep()];
    story.server.change('s1', [aTrial(0)]);
    await story.open();
    story.server.status = {
      ...story.server.status,
      online: false,
      message: 'MLflow sleeps.'
    };
    story.server.routes.set('GET sweeps', () => {
      throw new Error('down');
    });
    await act(() => story.model.refresh());
    await settled();

    expect(screen.getByRole('alert').textContent).toMatch(/Try again$/);
    expect(rows()).toEqual(['0']);
  });

  test('names are text, whatever they hold', async () => {
    const name = '<img src=x onerror="window.hacked=1">';
    story.server.sweeps = [aSweep({ name, reason: name, notebook: name })];
    story.server.change('s1', [
      aTrial(0, { reason: name, parameters: { C: name } })
    ]);
    await story.open();

    fireEvent.click(row(0));
    expect(story.page.node.querySelector('img')).toBeNull();
    expect(screen.getByRole('heading', { level: 2 }).textContent).toContain(
      name
    );
  });

  test('one that has ended can be ordered again, and leads to its snapshot', async () => {
    story.server.sweeps = [
      aSweep({
        state: 'succeeded',
        ended: 61_000,
        snapshot: 'a1b2c3d4e5f6a7b8',
        seed: 17
      })
    ];
    await story.open();

    fireEvent.click(screen.getByRole('button', { name: 'Sweep again…' }));
    fireEvent.click(screen.getByText('Details'));
    screen.getByText('17');
    fireEvent.click(screen.getByRole('button', { name: 'a1b2c3d4' }));
    expect(story.executed).toEqual([
      [CommandIDs.sweepAgain, { id: 's1' }],
      [CommandIDs.openSnapshot, { digest: 'a1b2c3d4e5f6a7b8' }]
    ]);
  });

  test('a verification says of which snapshot, and is not ordered again', async () => {
    story.server.sweeps = [
      aSweep({
        purpose: 'verification',
        state: 'succeeded',
        ended: 61_000,
        snapshot: 'a1b2c3d4e5f6a7b8'
      })
    ];
    await story.open();

    screen.getByRole('heading', {
      name: 'Verification of snapshot a1b2c3d4'
    });
    expect(story.page.title.label).toBe('✓ Verification of snapshot a1b2c3d4');
    expect(screen.queryByRole('button', { name: 'Sweep again…' })).toBeNull();
  });
});

describe('a trial beside the table', () => {
  test('one that waits says for what, in its row and in full', async () => {
    story.server.sweeps = [aSweep()];
    const waits = {
      state: 'queued',
      objective: null,
      run_id: '',
      started: null,
      ended: null,
      has_notebook: false,
      reason: 'Waits for 1 nvidia.com/gpu: 0 of 3 nodes have one free.'
    } as const;
    const interrupted = {
      ...waits,
      state: 'preempted',
      reason: 'Its node was drained.'
    } as const;
    story.server.change('s1', [aTrial(0, waits), aTrial(1, interrupted)]);
    await story.open();

    // It takes the place of the objective; who hears it hears two words, not one.
    const state = within(row(0)).getAllByRole('gridcell')[1];
    expect(state.textContent).toBe(`◌queued ${waits.reason}`);
    expect(state.getAttribute('aria-colspan')).toBe('2');
    fireEvent.pointerEnter(row(0));
    expect(state.title).toBe(`queued: ${waits.reason}`);
    expect(row(1).textContent).toContain('preempted Its node was drained.');

    fireEvent.click(row(0));
    const panel = screen.getByRole('region', { name: 'Trial 0' });
    within(panel).getByText(waits.reason);
    expect(
      within(panel).getByRole('button', { name: 'Stop trial 0' })
    ).toBeTruthy();
  });

  test('a failed one says why and opens at the failed cell', async () => {
    story.server.sweeps = [aSweep()];
    const reason = 'NameError in cell 5: x';
    const failed = {
      state: 'failed',
      objective: null,
      cells_done: 4,
      reason
    } as const;
    story.server.change('s1', [aTrial(3, failed)]);
    await story.open();

    fireEvent.click(row(3));
    const panel = screen.getByRole('region', { name: 'Trial 3' });
    within(panel).getByText(reason);
    within(panel).getByText('4 of 5 cells executed.');
    fireEvent.click(
      within(panel).getByRole('button', { name: 'Open at the failed cell' })
    );
    expect(story.executed).toEqual([
      [CommandIDs.openTrial, { sweep: 's1', index: 3 }]
    ]);
    fireEvent.click(
      within(panel).getByRole('button', { name: 'Close trial 3' })
    );
    expect(screen.queryByRole('region', { name: 'Trial 3' })).toBeNull();
  });

  test('its log is read to the end, and then no more', async () => {
    story.server.sweeps = [aSweep()];
    story.server.change('s1', [aTrial(0)]);
    const pieces = ['first\n', '\u001b[31msecond\u001b[0m <b>x</b>\n'];
    story.server.routes.set('GET sweeps/s1/trials/0/log', () => {
      const text = pieces.shift()!;
      return {
        text,
        next: pieces.length === 0 ? 28 : 6,
        ended: pieces.length === 0
      };
    });
    await story.open();

    fireEvent.click(row(0));
    fireEvent.click(screen.getByRole('tab', { name: 'Log' }));
    await settled();
    await settled();
    expect(screen.getByRole('log').textContent).toBe(
      'first\nsecond <b>x</b>\n'
    );
    expect(story.server.count('GET sweeps/s1/trials/0/log')).toBe(2);
  });

  test('Escape closes it, and the keys act on its row again', async () => {
    story.server.sweeps = [aSweep()];
    story.server.change('s1', [aTrial(0), aTrial(1)]);
    await story.open();

    fireEvent.click(row(0));
    const tab = screen.getByRole('tab', { name: 'Log' });
    act(() => tab.focus());
    fireEvent.keyDown(tab, { key: 'Escape' });

    expect(screen.queryByRole('region', { name: 'Trial 0' })).toBeNull();
    const grid = screen.getByRole('grid');
    expect(document.activeElement).toBe(grid);
    expect(grid.getAttribute('aria-activedescendant')).toMatch(/-0$/);
  });

  test('a long log opens at its end, and is read from its beginning on demand', async () => {
    story.server.sweeps = [aSweep()];
    story.server.change('s1', [aTrial(0)]);
    const asked: string[] = [];
    story.server.routes.set('GET sweeps/s1/trials/0/log', (_, query) => {
      const offset = query!.get('offset')!;
      asked.push(offset);
      return Number(offset) < 0
        ? { text: 'lf a line\nthe end\n', next: 900_000, ended: true }
        : { text: 'the beginning\n', next: 14, ended: true };
    });
    await story.open();

    fireEvent.click(row(0));
    fireEvent.click(screen.getByRole('tab', { name: 'Log' }));
    await settled();
    expect(screen.getByRole('log').textContent).toBe('the end\n');

    fireEvent.click(
      screen.getByRole('button', { name: 'Show it from the beginning' })
    );
    await settled();
    expect(screen.getByRole('log').textContent).toBe('the beginning\n');
    expect(asked).toEqual(['-65536', '0']);
    expect(screen.queryByText(/This is the end/)).toBeNull();
  });
});
