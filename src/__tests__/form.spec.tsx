import { nullTranslator } from '@jupyterlab/translation';
import { fireEvent, render, screen, within } from '@testing-library/react';
import React from 'react';

import { SweepForm, type ISweepFormProps } from '../sweep/form';
import { initialState } from '../sweep/form-state';
import { LOCAL } from './fake-server';
import { aNotebook, aParameter } from './form-values';
import { aFinding, aReport, DIGEST } from './snapshot-values';

const trans = nullTranslator.load('');

function show(change: Partial<ISweepFormProps> = {}) {
  const info = change.info ?? aNotebook();
  const calls = {
    onChange: jest.fn(),
    onChangeRow: jest.fn(),
    onAddRow: jest.fn(),
    onRemoveRow: jest.fn(),
    onStartOver: jest.fn(),
    onReload: jest.fn(),
    onRetry: jest.fn(),
    onTag: jest.fn(),
    onRun: jest.fn(),
    onCell: jest.fn(),
    onCheck: jest.fn(),
    onOpenSnapshot: jest.fn(),
    onPresent: jest.fn()
  };
  render(
    <SweepForm
      info={info}
      state={initialState(info)}
      offers={[LOCAL]}
      problems={[]}
      trials={12}
      blocked={null}
      error={null}
      running={false}
      recalled={false}
      cells={null}
      snapshot={null}
      check={{ checking: false, error: null, errors: 0, report: null }}
      trans={trans}
      {...calls}
      {...change}
    />
  );
  return calls;
}

const group = (name: string) => within(screen.getByRole('group', { name }));

test('Run says what it will do, and Ctrl+Enter runs from anywhere', () => {
  const { onRun } = show();
  const run = screen.getByRole('button', { name: 'Run 12 trials' });

  fireEvent.click(run);
  const field = group('lr').getByRole('textbox');
  fireEvent.keyDown(field, { key: 'Enter', ctrlKey: true });

  expect(onRun).toHaveBeenCalledTimes(2);
});

test('Run that cannot be pressed can still be reached, and says why', () => {
  show({ blocked: 'Mend first: lr.', trials: null });
  const run = screen.getByRole('button', { name: 'Run' });

  expect(run.getAttribute('aria-disabled')).toBe('true');
  expect(run.hasAttribute('disabled')).toBe(false);
  const reason = document.getElementById(run.getAttribute('aria-describedby')!);
  expect(reason?.textContent).toBe('Mend first: lr.');
});

test('an error stands beside its field and belongs to it', () => {
  show({
    problems: [{ field: 'parameters.lr', message: 'The list is empty.' }]
  });
  const field = group('lr').getByRole('textbox');

  expect(field.getAttribute('aria-invalid')).toBe('true');
  const id = field.getAttribute('aria-describedby')!;
  expect(document.getElementById(id)?.textContent).toBe('The list is empty.');
});

test('an error of a field that is not there is told above Run', () => {
  show({ problems: [{ field: 'notebook', message: 'It is gone.' }] });
  expect(screen.getByRole('alert').textContent).toBe('notebook: It is gone.');
});

test('each type has its kinds and its editors', () => {
  const { onChangeRow } = show();
  const kinds = (name: string) =>
    group(name)
      .getAllByRole('radio')
      .map(radio => (radio as HTMLInputElement).value);
  expect(kinds('lr')).toEqual(['fixed', 'list', 'range']);
  expect(kinds('kernel')).toEqual(['fixed', 'list']);

  fireEvent.click(group('lr').getByRole('radio', { name: 'range' }));
  expect(onChangeRow).toHaveBeenCalledWith('lr', { kind: 'range' });
});

test('a log range has no step, a list of booleans is two boxes', () => {
  const info = aNotebook();
  const state = initialState(info);
  state.rows = state.rows.map(row => ({
    ...row,
    kind: row.parameter.type === 'bool' ? 'list' : 'range'
  }));
  const { onChangeRow } = show({ info, state });

  expect(group('lr').queryByLabelText('Step of lr')).toBeNull();
  expect(group('layers').getByLabelText('Step of layers')).toBeTruthy();
  fireEvent.click(group('shuffle').getByRole('checkbox', { name: 'True' }));
  expect(onChangeRow).toHaveBeenCalledWith('shuffle', { list: 'False' });
});

test('a notebook without parameters says how to tag a cell, and offers to', () => {
  const { onTag } = show({
    info: aNotebook({
      has_parameters_cell: false,
      parameters: [],
      suggested_parameters_cell: 2
    }),
    cells: [
      { index: 1, line: 'import os' },
      { index: 2, line: 'lr = 0.1' }
    ]
  });

  fireEvent.click(
    screen.getByRole('button', { name: 'Tag cell 3 as parameters' })
  );
  fireEvent.change(screen.getByLabelText('Cell with the parameters'), {
    target: { value: '1' }
  });
  fireEvent.click(
    screen.getByRole('button', { name: 'Tag cell 2 as parameters' })
  );

  expect(onTag.mock.calls).toEqual([[2], [1]]);
});

test('text of a notebook is text', () => {
  const evil = '<img src=x onerror="window.evil = 1">';
  const parameter = { ...aParameter(evil, 'str', evil), help: evil };
  show({
    info: aNotebook({ name: evil, path: evil, parameters: [parameter] })
  });

  expect(document.querySelector('img')).toBeNull();
  expect(screen.getAllByText(evil).length).toBeGreaterThan(0);
});

test('what the check finds is counted beside Run, and keeps nobody from it', () => {
  const findings = [aFinding(), aFinding({ cell: 5 })];
  const report = aReport({ findings });
  const check = { checking: false, error: null, errors: 2, report };
  const { onCell, onRun } = show({ check });

  screen.getByText('2 errors found by the check');
  fireEvent.click(screen.getByRole('button', { name: 'Run 12 trials' }));
  fireEvent.click(screen.getByRole('button', { name: /cell 6/ }));
  expect(onRun).toHaveBeenCalled();
  expect(onCell).toHaveBeenCalledWith(5);
});

test('a form that runs a snapshot says so, and can be turned to the file', () => {
  const report = aReport({ findings: [aFinding()] });
  const check = { checking: false, error: null, errors: 1, report };
  const { onPresent, onOpenSnapshot } = show({ snapshot: DIGEST, check });

  screen.getByText(
    'Runs snapshot a1b2c3d4 of train.ipynb, not the file as it is now.'
  );
  // The check reads the file as it is now.
  expect(screen.queryByText(/found by the check/)).toBeNull();
  fireEvent.click(screen.getByRole('button', { name: /^Use the present/ }));
  fireEvent.click(screen.getByRole('button', { name: 'Show the snapshot' }));
  expect(onPresent).toHaveBeenCalled();
  expect(onOpenSnapshot).toHaveBeenCalled();
});
