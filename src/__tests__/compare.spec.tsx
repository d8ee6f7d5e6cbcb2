import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import {
  act,
  cleanup,
  fireEvent,
  render,
  screen,
  within
} from '@testing-library/react';
import React from 'react';

import type { SnapshotDiff } from '../api';
import { MlopsModel } from '../model';
import { cellWords } from '../snapshot/compare';
import { CompareWidget } from '../snapshot/compare-widget';
import { SnapshotList } from '../snapshot/list';
import { refusal, Server } from './fake-server';
import { aDiff, aSnapshot, DIGEST, OLDER } from './snapshot-values';
import { settled } from './sweep-story';

const trans = nullTranslator.load('');
const FORTH = `GET snapshots/${OLDER}/diff/${DIGEST}`;
const BACK = `GET snapshots/${DIGEST}/diff/${OLDER}`;

let model: MlopsModel;
let opened: string[];
let page: CompareWidget;
let server: Server;

async function open(answer: SnapshotDiff | Response): Promise<void> {
  server.routes.set(FORTH, () => answer);
  model = new MlopsModel({ serverSettings: server.settings, trans });
  page = new CompareWidget({
    left: OLDER,
    right: DIGEST,
    snapshots: model.snapshots,
    trans,
    open: digest => opened.push(digest)
  });
  act(() => Widget.attach(page, document.body));
  await settled();
}

describe('two snapshots compared', () => {
  beforeEach(() => {
    server = new Server();
    opened = [];
  });

  afterEach(() => {
    act(() => page.dispose());
    model.dispose();
    cleanup();
  });

  test('show the cells that differ, line by line, with signs and not only colours', async () => {
    await open(
      aDiff({
        cells: [
          {
            change: 'changed',
            left: 2,
            right: 2,
            cell_type: 'code',
            lines: [' C = 1', '-print(C)', '+print(2 * C)']
          },
          {
            change: 'added',
            left: null,
            right: 4,
            cell_type: 'markdown',
            lines: ['+# End']
          }
        ]
      })
    );

    const cells = screen.getByRole('region', { name: 'Cells 2' });
    const lines = within(cells).getByRole('region', { name: 'Cell 3 changed' });
    expect(lines.textContent).toBe(' C = 1\n-print(C)\n+print(2 * C)\n');
    const kinds = [...lines.querySelectorAll('[data-line]')].map(line =>
      line.getAttribute('data-line')
    );
    expect(kinds).toEqual(['same', 'removed', 'added']);
    within(cells).getByRole('heading', { name: 'Cell 5 (markdown) added' });
    expect(screen.queryByRole('region', { name: /Packages/ })).toBeNull();
  });

  test('show packages, environment, files, datasets and git', async () => {
    const change = { change: 'changed', left: '1', right: '2' } as const;
    await open(
      aDiff({
        packages: [
          { change: 'changed', name: 'numpy', left: '2.0', right: '2.1' },
          { change: 'removed', name: 'scipy', left: '1.14', right: '' }
        ],
        environment: [{ ...change, name: 'python' }],
        files: [{ ...change, name: 'helper.py' }],
        datasets: [{ ...change, name: 'digits' }],
        git: [{ ...change, name: 'commit' }],
        notebook: [{ ...change, name: 'kernel' }]
      })
    );
    const packages = screen.getByRole('region', { name: 'Packages 2' });
    const rows = within(packages).getAllByRole('row').slice(1);
    expect(rows.map(row => row.textContent)).toEqual([
      '≠ changednumpy2.02.1',
      '− removedscipy1.14'
    ]);
    for (const name of ['Environment', 'Files', 'Datasets', 'Git']) {
      screen.getByRole('region', { name: `${name} 1` });
    }
  });

  test('say so when nothing differs', async () => {
    await open(aDiff());
    expect(screen.getByRole('status').textContent).toMatch(/^Nothing differs/);
  });

  test('lead to both, and can be swapped', async () => {
    await open(aDiff());
    const { left, right } = aDiff();
    server.routes.set(BACK, () => aDiff({ left: right, right: left }));
    fireEvent.click(screen.getByRole('button', { name: '0f0f0f0f' }));
    expect(opened).toEqual([OLDER]);
    expect(page.title.label).toBe('0f0f0f0f → a1b2c3d4');

    fireEvent.click(screen.getByRole('button', { name: '⇄ Swap sides' }));
    await settled();
    expect(page.sides).toEqual([DIGEST, OLDER]);
    expect(page.title.label).toBe('a1b2c3d4 → 0f0f0f0f');
    expect(server.count(BACK)).toBe(1);
  });

  test('that cannot be compared say why, and are tried again', async () => {
    await open(refusal('NotFound', 'There is no snapshot 0f0f.', 404));
    expect(screen.getByRole('alert').textContent).toContain('0f0f.');
    server.routes.set(FORTH, () => aDiff());
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await settled();
    screen.getByText(/^Nothing differs/);
  });
});

test('a cell that moved says where it was', () => {
  const cell = { change: 'changed', cell_type: 'code', lines: [] } as const;
  expect(cellWords({ ...cell, lines: [], left: 1, right: 3 }, trans)).toBe(
    'Cell 4 changed, was cell 2'
  );
});

describe('the list of snapshots', () => {
  function show(snapshots: ReturnType<typeof aSnapshot>[] | null) {
    const onOpen = jest.fn();
    render(
      <SnapshotList
        snapshots={snapshots}
        notebook={null}
        error={null}
        trans={trans}
        onOpen={onOpen}
        onRetry={jest.fn()}
      />
    );
    return onOpen;
  }

  test('is searched by notebook, digest or commit, and opens', () => {
    const onOpen = show([aSnapshot(), aSnapshot({ digest: OLDER })]);
    expect(screen.getAllByRole('row')).toHaveLength(2);
    fireEvent.change(screen.getByRole('searchbox'), {
      target: { value: '0f0f digits' }
    });
    expect(screen.getAllByRole('row')).toHaveLength(1);
    fireEvent.click(screen.getByRole('button', { name: '0f0f0f0f' }));
    expect(onOpen).toHaveBeenCalledWith(OLDER);
  });

  test('teaches when there is nothing in it', () => {
    show([]);
    screen.getByText(/Press Snapshot in the toolbar of a notebook/);
  });
});
