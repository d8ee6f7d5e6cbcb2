import { nullTranslator } from '@jupyterlab/translation';
import { act, fireEvent, render, screen, within } from '@testing-library/react';
import React from 'react';

import type { Sweep } from '../api';
import { Header, type IHeaderProps } from '../sidebar/header';
import { Runs, type IRunsProps } from '../sidebar/runs';
import { CommandIDs } from '../tokens';
import { aSweep } from './fake-server';

const trans = nullTranslator.load('');

const SWEEPS: Sweep[] = [
  aSweep({
    id: 'a',
    counts: { succeeded: 4, failed: 2, running: 1, queued: 3 },
    best: { index: 3, objective: 0.97312 },
    seconds_left: 180
  }),
  aSweep({ id: 'b', name: 'churn', state: 'paused' }),
  aSweep({
    id: 'c',
    name: 'churn',
    state: 'failed',
    ended: 2_000,
    snapshot: 'a1b2c3d4e5f6a7b8',
    counts: { failed: 4, cancelled: 6 }
  })
];

function show(change: Partial<IRunsProps> = {}) {
  const calls = {
    onOpen: jest.fn(),
    onCommand: jest.fn(),
    onExample: jest.fn()
  };
  render(
    <Runs
      sweeps={SWEEPS}
      ready={true}
      offline={false}
      trans={trans}
      {...calls}
      {...change}
    />
  );
  return calls;
}

const rows = () => screen.queryAllByRole('row');
const main = (row: HTMLElement) => within(row).getAllByRole('gridcell')[0];

describe('the runs', () => {
  test('say in two lines how far, how good and how long', () => {
    show();
    const words = main(rows()[0]).getAttribute('aria-label');
    expect(words).toBe(
      'digits, running, 6/10, 2 failed, best 0.973 ↑, about 3 min left'
    );
  });

  test('say where they run when it is not here, and what Pause does there', () => {
    const executor = 'kubernetes';
    show({ sweeps: [aSweep({ executor, profile: 'small' }), ...SWEEPS] });
    within(rows()[0]).getByTitle('on Kubernetes');
    expect(main(rows()[0]).getAttribute('aria-label')).toMatch(
      /, on Kubernetes$/
    );
    const pause = screen.getAllByRole('button', { name: 'Pause digits' });
    expect(pause[0].title).toMatch(/interrupted, and begin again on Resume/);
    expect(pause[1].title).toBe('Pause digits');
    expect(screen.getAllByTitle(/^on /)).toHaveLength(1);
  });

  test('count what was cancelled as done, as their pages do', () => {
    show();
    expect(main(rows()[2]).textContent).toContain('10/10');
  });

  test('open with a click and with Enter', () => {
    const { onOpen } = show();
    fireEvent.click(main(rows()[1]));
    act(() => main(rows()[2]).focus());
    fireEvent.keyDown(document.activeElement!, { key: 'Enter' });
    expect(onOpen.mock.calls.map(([{ id }]) => id)).toEqual(['b', 'c']);
  });

  test('are walked with the arrow keys, to their actions and back', () => {
    const { onCommand } = show();
    const press = (key: string) =>
      fireEvent.keyDown(document.activeElement!, { key });
    act(() => main(rows()[0]).focus());

    press('ArrowDown');
    expect(document.activeElement).toBe(main(rows()[1]));
    press('End');
    expect(document.activeElement).toBe(main(rows()[2]));
    press('Home');
    press('ArrowRight');
    expect(document.activeElement?.getAttribute('aria-label')).toBe(
      'Pause digits'
    );
    fireEvent.click(document.activeElement!);
    press('ArrowRight');
    expect(document.activeElement?.getAttribute('aria-label')).toBe(
      'Stop digits…'
    );
    press('Escape');
    expect(document.activeElement).toBe(main(rows()[0]));
    expect(onCommand).toHaveBeenCalledWith(CommandIDs.pause, SWEEPS[0]);
    // Tab leads to one row only.
    const stops = rows().filter(row => main(row).tabIndex === 0);
    expect(stops).toHaveLength(1);
  });

  test('offer what their state permits', () => {
    show();
    const actions = rows().map(row =>
      within(row)
        .queryAllByRole('button')
        .map(button => button.title)
    );
    expect(actions).toEqual([
      ['Pause digits', 'Stop digits…'],
      ['Resume churn', 'Stop churn…'],
      ['Sweep churn again…']
    ]);
  });

  test('can be found by words and by state', () => {
    show();
    const filter = screen.getByRole('searchbox');
    const state = screen.getByRole('combobox');

    fireEvent.change(filter, { target: { value: 'CHURN acc' } });
    expect(rows()).toHaveLength(2);
    fireEvent.change(state, { target: { value: 'live' } });
    expect(rows()).toHaveLength(1);
    fireEvent.change(filter, { target: { value: 'nothing' } });
    expect(rows()).toHaveLength(0);

    fireEvent.click(screen.getByRole('button', { name: 'Show all' }));
    expect(rows()).toHaveLength(3);
  });

  test('when there are none, say what to do and offer an example', () => {
    const { onExample } = show({ sweeps: [] });
    fireEvent.click(
      screen.getByRole('button', { name: 'Open an example notebook' })
    );
    expect(onExample).toHaveBeenCalled();
  });

  test('are not said to be none before anybody has answered', () => {
    show({ sweeps: [], ready: false });
    expect(screen.getByRole('status').textContent).toMatch(/Asking/);
    expect(screen.queryByText(/No sweeps yet/)).toBeNull();
  });

  test('show names as text', () => {
    const name = '<img src=x onerror="window.evil = 1">';
    show({ sweeps: [aSweep({ name })] });
    expect(document.querySelector('img')).toBeNull();
    expect(screen.getByText(name)).toBeTruthy();
  });
});

describe('the header', () => {
  function header(change: Partial<IHeaderProps> = {}) {
    const calls = {
      onSweep: jest.fn(),
      onSnapshot: jest.fn(),
      onSettings: jest.fn(),
      onRetry: jest.fn()
    };
    render(
      <Header
        notebook={null}
        offline={null}
        retryAt={null}
        trans={trans}
        {...calls}
        {...change}
      />
    );
    return calls;
  }

  test('says that a notebook is wanted, and names the one that is there', () => {
    header();
    const sweep = screen.getByRole('button', { name: 'Sweep…' });
    expect((sweep as HTMLButtonElement).disabled).toBe(true);
    expect(sweep.title).toBe('Open a notebook first');
  });

  test('acts on the notebook at hand', () => {
    const { onSweep, onSnapshot } = header({ notebook: 'work/train.ipynb' });
    const sweep = screen.getByRole('button', { name: 'Sweep…' });
    expect(sweep.title).toMatch(/train\.ipynb/);
    fireEvent.click(sweep);
    fireEvent.click(screen.getByRole('button', { name: 'Snapshot' }));
    expect(onSweep).toHaveBeenCalled();
    expect(onSnapshot).toHaveBeenCalled();
  });

  test('counts down to the next try, without reading every second aloud', () => {
    jest.useFakeTimers();
    const { onRetry } = header({
      offline: 'MLflow at http://x does not answer.',
      retryAt: Date.now() + 8_000
    });
    expect(screen.getByText(/Retry in 8 s/)).toBeTruthy();

    act(() => {
      jest.advanceTimersByTime(3_000);
    });

    expect(screen.getByText(/Retry in 5 s/)).toBeTruthy();
    expect(screen.getByRole('status').textContent).toBe(
      'MLflow at http://x does not answer.'
    );
    fireEvent.click(screen.getByRole('button', { name: 'Retry now' }));
    expect(onRetry).toHaveBeenCalled();
    jest.useRealTimers();
  });
});
