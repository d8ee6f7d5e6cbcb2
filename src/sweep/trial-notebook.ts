import type { CodeCellModel } from '@jupyterlab/cells';
import { PathExt } from '@jupyterlab/coreutils';
import type * as nbformat from '@jupyterlab/nbformat';
import type { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import { JSONExt, type PartialJSONValue } from '@lumino/coreutils';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';

import type { Trial } from '../api';
import type { IMlopsModel, ISweepModel } from '../tokens';
import type { ITrialPlace, TrialsDrive } from '../trials-drive';

/**
 * Makes an open document the notebook of a trial: never a kernel, nothing to edit, at the failing cell, and live
 * while the trial runs.
 */
export function followTrial(options: IFollowOptions): IDisposable {
  const { panel, place, model } = options;
  neverStartKernel(panel, options.onRun);
  downloadByName(panel, options.contents);
  const follower = new Follower(options, model.sweep(place.sweep));
  const disposable = new DisposableDelegate(() => follower.dispose());
  panel.disposed.connect(() => disposable.dispose());
  return disposable;
}

export interface IFollowOptions {
  panel: NotebookPanel;
  place: ITrialPlace;
  model: Pick<IMlopsModel, 'sweep'>;
  contents: Contents.IManager;
  drive: Pick<TrialsDrive, 'failedCell'>;
  /** Somebody tries to run a cell. */
  onRun: () => void;
}

/** Must run before the document is read: the session begins right after. */
function neverStartKernel(
  { sessionContext }: NotebookPanel,
  onRun: () => void
): void {
  sessionContext.kernelPreference = {
    ...sessionContext.kernelPreference,
    canStart: false,
    shouldStart: false,
    shouldReuse: false
  };
  // To run a cell without a kernel means for JupyterLab to ask for one, and then to clear the cell's outputs: here they
  // are a record. It takes an error with this beginning for one that has been shown already.
  sessionContext.startKernel = async () => {
    onRun();
    throw new Error('KernelReplyNotOK: this document never has a kernel.');
  };
}

/** JupyterLab leaves the name of a download to its address, and a copy in the browser's memory has none. */
function downloadByName(
  { context }: NotebookPanel,
  contents: Pick<Contents.IManager, 'getDownloadUrl'>
): void {
  context.download = async () => {
    const link = document.createElement('a');
    link.href = await contents.getDownloadUrl(context.path);
    link.download = PathExt.basename(context.path);
    link.click();
  };
}

class Follower implements IDisposable {
  constructor(
    private readonly _options: IFollowOptions,
    private readonly _handle: ISweepModel
  ) {
    this._seen = progressOf(this._trial);
    _handle.changed.connect(this._onChanged, this);
    void _options.panel.context.ready.then(() => {
      if (!this.isDisposed) {
        protect(_options.panel);
        void this._reveal();
        this._onChanged();
      }
    });
  }

  get isDisposed(): boolean {
    return this._handle.isDisposed || this._options.panel.isDisposed;
  }

  dispose(): void {
    this._handle.dispose();
  }

  private get _trial(): Trial | undefined {
    return this._handle.trials.get(this._options.place.index);
  }

  private _onChanged(): void {
    if (this.isDisposed) {
      return;
    }
    const { panel } = this._options;
    if (panel.context.isReady && !this._reading) {
      this._reading = this._catchUp().finally(() => {
        this._reading = null;
      });
    }
  }

  /** Read the notebook again for as long as the trial is ahead of it. */
  private async _catchUp(): Promise<void> {
    let trial = this._trial;
    while (trial && !this.isDisposed && progressOf(trial) !== this._seen) {
      const seen = progressOf(trial);
      if (trial.has_notebook && !(await this._read())) {
        // The next change of the sweep, or the next press on the trial, tries again.
        return;
      }
      this._seen = seen;
      if (trial.state === 'failed') {
        await this._reveal();
      }
      trial = this._trial;
    }
    if (trial && hasEnded(trial)) {
      // Nothing will change any more; other documents may still need the sweep, this one does not.
      this._handle.dispose();
    }
  }

  private async _read(): Promise<boolean> {
    const { contents, panel } = this._options;
    let file: Contents.IModel;
    try {
      file = await contents.get(panel.context.path);
    } catch (error) {
      console.warn(`${panel.context.path} could not be read again.`, error);
      return false;
    }
    if (panel.isDisposed || !panel.model) {
      return false;
    }
    if (!updateOutputs(panel.model, file.content)) {
      const { outerNode } = panel.content;
      const { scrollTop } = outerNode;
      panel.model.fromJSON(file.content);
      outerNode.scrollTop = scrollTop;
    }
    protect(panel);
    return true;
  }

  private async _reveal(): Promise<void> {
    const { drive, panel, place } = this._options;
    const index = drive.failedCell(place);
    const cell = index === null ? null : panel.content.widgets[index];
    if (!cell || index === null) {
      return;
    }
    await panel.revealed;
    panel.content.activeCellIndex = index;
    await panel.content.scrollToCell(cell, 'center');
  }

  private _reading: Promise<void> | null = null;
  private _seen: string;
}

/** What must differ for the executed notebook to differ. */
function progressOf(trial: Trial | undefined): string {
  return trial
    ? [trial.attempt, trial.state, trial.cells_done, trial.has_notebook].join()
    : '';
}

function hasEnded({ state }: Trial): boolean {
  return (
    state === 'succeeded' ||
    state === 'failed' ||
    state === 'pruned' ||
    state === 'cancelled'
  );
}

/**
 * Put new outputs into the cells that are there, so that nothing else moves.
 *
 * @returns false when the cells are not the same ones.
 */
export function updateOutputs(
  model: INotebookModel,
  content: nbformat.INotebookContent
): boolean {
  const { cells } = model;
  const same =
    cells.length === content.cells.length &&
    content.cells.every((cell, i) => {
      const there = cells.get(i);
      return (
        there.type === cell.cell_type &&
        there.sharedModel.getSource() === joined(cell.source)
      );
    });
  if (!same) {
    return false;
  }
  content.cells.forEach((cell, i) => {
    if (cell.cell_type !== 'code') {
      return;
    }
    const there = cells.get(i) as CodeCellModel;
    const outputs = cell.outputs as nbformat.IOutput[];
    const before = there.outputs.toJSON() as PartialJSONValue;
    if (!JSONExt.deepEqual(before, outputs as PartialJSONValue)) {
      there.outputs.fromJSON(outputs);
    }
    const count = (cell.execution_count as number | null) ?? null;
    if (there.executionCount !== count) {
      there.executionCount = count;
    }
  });
  return true;
}

function joined(text: nbformat.MultilineString | undefined): string {
  return Array.isArray(text) ? text.join('') : (text ?? '');
}

/** Nothing can be typed, and closing never asks whether to save. */
function protect(panel: NotebookPanel): void {
  for (const cell of panel.content.widgets) {
    // Otherwise the cell would write into its metadata that it cannot be edited.
    cell.syncEditable = false;
    cell.readOnly = true;
  }
  if (panel.model) {
    panel.model.readOnly = true;
    panel.model.dirty = false;
  }
}
