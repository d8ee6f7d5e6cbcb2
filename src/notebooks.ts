import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import type * as nbformat from '@jupyterlab/nbformat';
import { NotebookPanel, type INotebookTracker } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { isTrialPath } from './trials-drive';

/** papermill's word for the cell whose assignments a run may replace. */
const PARAMETERS_TAG = 'parameters';

/** A cell by its place in the notebook and the first line that says something. */
export type CodeCell = { index: number; line: string };

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
    const path = this._tracker.currentWidget?.context.path;
    // A trial's executed notebook is a result and not a file of the person's.
    return path === undefined || isTrialPath(path)
      ? null
      : this._contents.localPath(path);
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

  /** The code cells as they stand on disk, to choose one by. */
  async codeCells(path: string): Promise<CodeCell[]> {
    const { content } = await this._contents.get(path, {
      type: 'notebook',
      content: true
    });
    const cells: nbformat.ICell[] = content?.cells ?? [];
    return cells.flatMap((cell, index) =>
      cell.cell_type === 'code' ? [{ index, line: firstLine(cell) }] : []
    );
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

  /** Open a notebook, with the kernel that is named, in front of everything else. */
  open(path: string, kernel?: string): void {
    this._documents.openOrReveal(
      path,
      undefined,
      kernel ? { name: kernel } : undefined
    );
  }

  /** Open a notebook at one of its cells, which gets the focus. */
  async openCell(path: string, index: number): Promise<void> {
    const panel = await this._open(path, true);
    const cell = panel.content.widgets[index];
    if (!cell) {
      throw new Error(`${path} has no cell ${index + 1}.`);
    }
    await panel.revealed;
    panel.content.activeCellIndex = index;
    await panel.content.scrollToCell(cell, 'center');
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

  /** Give the document of a notebook; unless it is to be in front, whoever asked goes on with something else. */
  private async _open(path: string, inFront = false): Promise<NotebookPanel> {
    const known = inFront ? undefined : this._find(path);
    const widget =
      known ??
      this._documents.openOrReveal(path, undefined, undefined, {
        activate: inFront
      });
    if (!(widget instanceof NotebookPanel)) {
      throw new Error(`${path} does not open as a notebook.`);
    }
    await widget.context.ready;
    return widget;
  }
}

function firstLine({ source }: nbformat.ICell): string {
  const text = Array.isArray(source) ? source.join('') : source;
  return text.split('\n').find(line => line.trim()) ?? '';
}
