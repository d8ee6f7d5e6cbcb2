import { act, fireEvent, screen, within } from '@testing-library/react';

import { CommandIDs } from '../tokens';
import { aSweep, aTrial } from './fake-server';
import { layOut, row, rows, settled, Story } from './sweep-story';

let story: Story;

beforeAll(layOut);

beforeEach(() => {
  story = new Story();
});

afterEach(() => story.close());

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

describe('the table', () => {
  test('shows the best first, and only what differs between trials', async () => {
    story.server.sweeps = [aSweep(WITH_C)];
    story.server.change('s1', [
      aTrial(0, { parameters: { C: 1, n_jobs: 1 } }),
      aTrial(1, { state: 'queued', objective: null, run_id: '' }),
      aTrial(2, { objective: 0.98765 })
    ]);
    await story.open();

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
    story.server.sweeps = [aSweep({ total: 10_000 })];
    story.server.change(
      's1',
      Array.from({ length: 10_000 }, (_, i) => aTrial(i))
    );
    await story.open();
    await settled();

    const grid = screen.getByRole('grid');
    expect(grid.getAttribute('aria-rowcount')).toBe('10001');
    expect(rows().length).toBeLessThan(60);
  });

  test('is sorted, filtered and given other columns', async () => {
    story.server.sweeps = [aSweep(WITH_C)];
    const failed = {
      state: 'failed',
      objective: null,
      reason: 'NameError'
    } as const;
    story.server.change('s1', [aTrial(0), aTrial(1, failed), aTrial(2)]);
    story.server.sweeps[0].counts = { succeeded: 2, failed: 1 };
    await story.open();

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
    story.page.tasteChanged.connect((_, taste) => tastes.push(taste.columns));
    fireEvent.click(screen.getByRole('checkbox', { name: 'n_jobs' }));
    await settled();
    screen.getByRole('columnheader', { name: 'n_jobs' });
    expect(tastes).toEqual([{ 'parameter:n_jobs': true }]);
  });

  test('rows stay under the pointer; results gather and come in at a press', async () => {
    story.server.sweeps = [aSweep()];
    const running = { state: 'running', objective: null, ended: null } as const;
    story.server.change('s1', [
      aTrial(0),
      aTrial(1, running),
      aTrial(2, running)
    ]);
    await story.open();

    fireEvent.pointerEnter(body());
    await story.news(
      aTrial(1, { objective: 0.9 }),
      aTrial(2, { objective: 0.8 })
    );
    expect(rows()).toEqual(['0', '1', '2']);
    expect(row(1).textContent).toContain('0.9000');
    fireEvent.click(screen.getByRole('button', { name: '2 new results' }));
    expect(rows()).toEqual(['1', '2', '0']);

    await story.news(aTrial(0, { objective: 0.95 }));
    expect(rows()).toEqual(['1', '2', '0']);
    fireEvent.pointerLeave(body());
    expect(rows()).toEqual(['0', '1', '2']);
  });

  test('is gone through with keys', async () => {
    story.server.sweeps = [aSweep()];
    story.server.change('s1', [aTrial(0), aTrial(1), aTrial(2)]);
    await story.open();
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
    expect(story.executed).toEqual([
      [CommandIDs.openTrial, { sweep: 's1', index: 2 }]
    ]);
    press(' ');
    screen.getByRole('region', { name: 'Trial 2' });
    press('ArrowDown');
    screen.getByRole('region', { name: 'Trial 1' });
  });

  test('a trial that runs can be stopped, one that has ended cannot', async () => {
    story.server.sweeps = [aSweep()];
    story.server.change('s1', [
      aTrial(0),
      aTrial(1, { state: 'running', ended: null })
    ]);
    await story.open();

    fireEvent.click(row(0));
    expect(screen.queryByRole('button', { name: 'Stop trial 0' })).toBeNull();
    fireEvent.click(row(1));
    fireEvent.click(screen.getByRole('button', { name: 'Stop trial 1' }));
    expect(story.executed).toEqual([
      [CommandIDs.stopTrial, { sweep: 's1', index: 1 }]
    ]);
  });
});
