import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { NotebookPanel, type INotebookTracker } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

/** papermill's word for the cell whose assignments a run may replace. */
const PARAMETERS_TAG = 'parameters';

/** What we do to notebooks that are open, or about to be. */
export class Notebooks {
  constructor(
    private readonly _documents: IDocumentManager,
    private readonly _tracker: INotebookTracker,
    private readonly _contents: Contents.IManager,
    private readonly _browsers: IFileBrowserFactory | null = null
  ) {}

  /** Which notebook a command is about: the one named, the one under the file browser's menu, else the current one. */
  meant(args: ReadonlyPartialJSONObject): string | null {
    if (typeof args.path === 'string') {
      return args.path;
    }
    return args.browser ? this._selected : this.current;
  }

  /** The notebook last worked in, as a path from the server's root; null when none is open. */
  get current(): string | null {
    const panel = this._tracker.currentWidget;
    return panel ? this._contents.localPath(panel.context.path) : null;
  }

  /** Write an open notebook's changes to disk, where the server reads them. */
  async save(path: string): Promise<void> {
    const context = this.context(path);
    // A notebook that cannot be written is taken as it stands on disk.
    if (context?.model.dirty && context.contentsModel?.writable !== false) {
      await context.save();
    }
  }

  /** The document of a notebook, if it is open. */
  context(path: string): DocumentRegistry.Context | null {
    const panel = this._find(path);
    return panel?.context ?? null;
  }

  /** Index of the cell last worked in; null when the notebook is not open. */
  activeCell(path: string): number | null {
    return this._find(path)?.content.activeCellIndex ?? null;
  }

  /** First lines of the code cells, to choose one by. Opens the notebook if it is not open. */
  async codeCells(path: string): Promise<{ index: number; line: string }[]> {
    const panel = await this._open(path);
    const cells = panel.content.model?.cells ?? [];
    return Array.from(cells, (cell, index) => ({ index, cell }))
      .filter(({ cell }) => cell.type === 'code')
      .map(({ index, cell }) => ({
        index,
        line:
          cell.sharedModel
            .getSource()
            .split('\n')
            .find(line => line.trim()) ?? ''
      }));
  }

  /**
   * Tag a cell as the one that holds the parameters, and save. Any other cell loses the tag: papermill reads one only.
   */
  async tagParameters(path: string, index: number): Promise<void> {
    const panel = await this._open(path);
    const cells = panel.content.model?.cells;
    if (!cells || index < 0 || index >= cells.length) {
      throw new Error(`${path} has no cell ${index + 1}.`);
    }
    for (let i = 0; i < cells.length; i++) {
      const cell = cells.get(i);
      const tags: string[] = cell.getMetadata('tags') ?? [];
      if (tags.includes(PARAMETERS_TAG) === (i === index)) {
        continue;
      }
      const kept = tags.filter(tag => tag !== PARAMETERS_TAG);
      cell.setMetadata('tags', i === index ? [...kept, PARAMETERS_TAG] : kept);
    }
    panel.content.activeCellIndex = index;
    await panel.context.save();
  }

  private get _selected(): string | null {
    const items = this._browsers?.tracker.currentWidget?.selectedItems() ?? [];
    for (const item of items) {
      if (item.type === 'notebook') {
        return this._contents.localPath(item.path);
      }
    }
    return null;
  }

  private _find(path: string): NotebookPanel | undefined {
    return this._tracker.find(
      panel => this._contents.localPath(panel.context.path) === path
    );
  }

  private async _open(path: string): Promise<NotebookPanel> {
    const widget = this._find(path) ?? this._documents.openOrReveal(path);
    if (!(widget instanceof NotebookPanel)) {
      throw new Error(`${path} does not open as a notebook.`);
    }
    await widget.context.ready;
    return widget;
  }
}
