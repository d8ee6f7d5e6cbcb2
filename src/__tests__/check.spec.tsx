import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { act, cleanup, fireEvent, screen } from '@testing-library/react';

import type { CheckReport } from '../api';
import { CheckModel } from '../check/model';
import { CheckWidget } from '../check/widget';
import { MlopsModel } from '../model';
import { refusal, Server } from './fake-server';
import { aFinding, aReport } from './snapshot-values';

const trans = nullTranslator.load('');
const PATH = 'work/train.ipynb';
const ROUTE = 'GET notebook/check';

let cells: number[];
let check: CheckModel;
let kernels: (string | null)[];
let model: MlopsModel;
let page: CheckWidget;
let saved: number;
let server: Server;

const pass = (ms: number) => act(() => jest.advanceTimersByTimeAsync(ms));

function answer(report: CheckReport | Response): void {
  server.routes.set(ROUTE, (_, query) => {
    kernels.push(query!.get('kernel'));
    return report;
  });
}

beforeEach(() => {
  jest.useFakeTimers();
  cells = [];
  kernels = [];
  saved = 0;
  server = new Server();
  model = new MlopsModel({ serverSettings: server.settings, trans });
  check = new CheckModel({ path: PATH, snapshots: model.snapshots });
  page = new CheckWidget({
    path: PATH,
    check,
    trans,
    save: async () => void saved++,
    onCell: cell => cells.push(cell)
  });
  act(() => Widget.attach(page, document.body));
});

afterEach(() => {
  act(() => page.dispose());
  model.dispose();
  cleanup();
  jest.useRealTimers();
});

test('says what it finds, in marks and words, and goes to the cell', async () => {
  answer(
    aReport({
      findings: [
        aFinding(),
        aFinding({
          level: 'warning',
          rule: 'absolute-path',
          message: '/home/ada/x.csv is on this machine only.',
          cell: 1,
          line: null
        }),
        aFinding({ level: 'hint', rule: 'no-parameters', cell: null })
      ],
      unknown: ['Cell 9 is a shell script.']
    })
  );
  void page.again();
  await pass(1);
  expect(screen.getByRole('status').textContent).toBe('Checking…');
  await pass(1_000);

  expect(saved).toBe(1);
  expect(screen.getByRole('status').textContent).toBe(
    '1 error, 1 warning, 1 hint'
  );
  const buttons = screen
    .getAllByRole('button', { name: /cell/ })
    .map(button => button.textContent);
  expect(buttons).toEqual([
    '✕ errorcell 4, line 2clf is not defined. Define clf in an earlier cell.',
    '⚠\ufe0e warningcell 2/home/ada/x.csv is on this machine only. Define clf in an earlier cell.'
  ]);
  screen.getByText('Cell 9 is a shell script.');
  fireEvent.click(screen.getByRole('button', { name: /error/ }));
  expect(cells).toEqual([3]);
  expect(check.errors).toBe(1);
});

test('says so when there is nothing to say', async () => {
  answer(aReport());
  void page.again();
  await pass(1_000);
  expect(screen.getByRole('status').textContent).toMatch(/^✓ Nothing speaks/);
});

test('asks again for another kernel, once, and for the same one not at all', async () => {
  answer(aReport());
  check.kernel = 'python3';
  check.kernel = 'other';
  check.kernel = 'other';
  await pass(1_000);
  check.kernel = 'other';
  await pass(1_000);
  expect(kernels).toEqual(['other']);
});

test('a late answer about another kernel changes nothing', async () => {
  let release: (report: CheckReport) => void = () => undefined;
  server.routes.set(ROUTE, () => new Promise(resolve => (release = resolve)));
  check.kernel = 'slow';
  await pass(1_000);
  answer(aReport());
  check.kernel = 'quick';
  await pass(1_000);
  release(aReport({ findings: [aFinding()] }));
  await pass(10);
  expect(check.report?.findings).toEqual([]);
});

test('a check that does not answer says so, and keeps what was found', async () => {
  answer(aReport({ findings: [aFinding()] }));
  void page.again();
  await pass(1_000);
  answer(refusal('Internal', 'It broke.', 500));
  fireEvent.click(screen.getByRole('button', { name: 'Check again' }));
  await pass(1_000);
  screen.getByText(/It broke\./);
  screen.getByText(/clf is not defined/);

  answer(aReport());
  fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
  await pass(1_000);
  expect(screen.queryByText(/It broke/)).toBeNull();
});

test('what the notebook says is text', async () => {
  const evil = '<img src=x onerror="window.evil = 1">';
  answer(aReport({ findings: [aFinding({ message: evil, fix: evil })] }));
  void page.again();
  await pass(1_000);
  expect(page.node.querySelector('img')).toBeNull();
});
