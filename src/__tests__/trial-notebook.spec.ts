import { NotebookModel } from '@jupyterlab/notebook';
import type * as nbformat from '@jupyterlab/nbformat';

import { updateOutputs } from '../sweep/trial-notebook';

function notebook(...outputs: string[]): nbformat.INotebookContent {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {},
    cells: outputs.map((text, i) => ({
      id: `cell-${i}`,
      cell_type: 'code',
      source: ['a = 1\n', `print(${i})`],
      metadata: {},
      execution_count: text ? i + 1 : null,
      outputs: text ? [{ output_type: 'stream', name: 'stdout', text }] : []
    }))
  };
}

// yjs warns of cells that are filled before they stand in a document, as JupyterLab's own model does.
beforeEach(() => {
  jest.spyOn(console, 'warn').mockImplementation();
});

test('what has been executed since appears in the cells that are there', () => {
  const model = new NotebookModel();
  model.fromJSON(notebook('one\n', '', ''));
  const cells = Array.from(model.cells);

  expect(updateOutputs(model, notebook('one\n', 'two\n', ''))).toBe(true);

  expect(Array.from(model.cells)).toEqual(cells);
  const shown = model.toJSON() as nbformat.INotebookContent;
  expect(shown.cells.map(cell => cell.execution_count)).toEqual([1, 2, null]);
  expect(shown.cells.map(cell => (cell.outputs as []).length)).toEqual([
    1, 1, 0
  ]);
});

test('a cell whose outputs are the same is left alone', () => {
  const model = new NotebookModel();
  model.fromJSON(notebook('one\n', ''));
  const changed = jest.fn();
  model.cells.get(0).contentChanged.connect(changed);

  updateOutputs(model, notebook('one\n', 'two\n'));

  expect(changed).not.toHaveBeenCalled();
});

test('other cells than before need the whole notebook', () => {
  const model = new NotebookModel();
  model.fromJSON(notebook('', ''));
  const other = notebook('', '');
  other.cells[1].source = 'something else';

  expect(updateOutputs(model, notebook('', '', ''))).toBe(false);
  expect(updateOutputs(model, other)).toBe(false);
});
