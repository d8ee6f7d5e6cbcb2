import { PathExt } from '@jupyterlab/coreutils';
import { type Contents, ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { type ISignal, Signal } from '@lumino/signaling';

import type { TrialNotebook } from './api';
import { messageOf, RequestError } from './request';
import type { IMlopsModel } from './tokens';

/** Name of the drive: what stands before the colon in a path. */
export const DRIVE = 'mlops';

/** Long enough for a browser that asks first where to put it. */
const DOWNLOAD_MS = 10 * 60_000;

/** Where in the drive an executed notebook is. */
export interface ITrialPlace {
  readonly sweep: string;
  readonly index: number;
}

/**
 * Path of a trial's executed notebook, for the document manager.
 *
 * The name of the file is what its tab says: JupyterLab takes any other title for a wish to rename the file.
 */
export function trialPath(
  { sweep, index }: ITrialPlace,
  notebook: string,
  trans: TranslationBundle
): string {
  const stem = PathExt.basename(notebook, '.ipynb') || trans.__('notebook');
  const name = trans.__('trial %1 · %2', index, stem).replace(/\//g, '∕');
  return `${DRIVE}:${sweep}/${index}/${name}.ipynb`;
}

/** The trial whose notebook is at a path, with or without the drive's name; null for any other path. */
export function parseTrialPath(path: string): ITrialPlace | null {
  const local = path.startsWith(`${DRIVE}:`)
    ? path.slice(DRIVE.length + 1)
    : path;
  const match = /^\/?([^/]+)\/(\d{1,9})\/[^/]+\.ipynb$/.exec(local);
  return match ? { sweep: match[1], index: Number(match[2]) } : null;
}

/** Whether a document is a trial's executed notebook. */
export function isTrialPath(path: string): boolean {
  return path.startsWith(`${DRIVE}:`) && parseTrialPath(path) !== null;
}

/**
 * The executed notebooks of all trials, as files that can be read and nothing else.
 *
 * JupyterLab then opens them as what they are, with its own viewer, find, table of contents and restoring of the
 * layout.
 */
export class TrialsDrive implements Contents.IDrive {
  constructor(private readonly _options: TrialsDrive.IOptions) {
    this.serverSettings = _options.serverSettings;
  }

  readonly name = DRIVE;
  readonly serverSettings: ServerConnection.ISettings;

  get fileChanged(): ISignal<this, Contents.IChangedArgs> {
    return this._fileChanged;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  /**
   * Index of the cell that raised when the notebook was last read; null when none has, or it was not read yet.
   */
  failedCell(place: ITrialPlace): number | null {
    return this._failedCells.get(keyOf(place)) ?? null;
  }

  /**
   * Read a trial's notebook for the document that is about to be opened on it.
   *
   * @returns its path, for the document manager.
   * @throws RequestError when there is none, which says why.
   */
  async prepare(place: ITrialPlace): Promise<string> {
    const { sweep, index } = place;
    const notebook = await this._options.model.trialNotebook(sweep, index);
    this._prepared = { key: keyOf(place), notebook };
    return trialPath(place, notebook.name, this._options.trans);
  }

  async get(
    localPath: string,
    options: Contents.IFetchOptions = {}
  ): Promise<Contents.IModel> {
    const place = parseTrialPath(localPath);
    if (!place) {
      const message = this._options.trans.__(
        'There is no %1 here: only executed notebooks of trials. Open them from their sweep’s page.',
        localPath || '/'
      );
      throw refusal(404, message);
    }
    const now = new Date().toISOString();
    const file: Contents.IModel = {
      name: PathExt.basename(localPath),
      path: PathExt.removeSlash(localPath),
      type: 'notebook',
      writable: false,
      created: now,
      last_modified: now,
      mimetype: '',
      format: null,
      content: null
    };
    if (options.content === false) {
      return file;
    }
    return { ...file, format: 'json', content: await this._read(place) };
  }

  /** None: a trial's notebook is written once, by the trial. */
  async listCheckpoints(): Promise<Contents.ICheckpointModel[]> {
    return [];
  }

  /** Of a copy in the browser's memory, which is forgotten once it has surely been read. */
  async getDownloadUrl(localPath: string): Promise<string> {
    const { content } = await this.get(localPath);
    const text = JSON.stringify(content, undefined, 1);
    const url = URL.createObjectURL(
      new Blob([text], { type: 'application/x-ipynb+json' })
    );
    setTimeout(() => URL.revokeObjectURL(url), DOWNLOAD_MS);
    return url;
  }

  async newUntitled(options?: Contents.ICreateOptions): Promise<never> {
    throw this._readOnly(options?.path ?? '');
  }

  async delete(localPath: string): Promise<never> {
    throw this._readOnly(localPath);
  }

  async rename(oldLocalPath: string): Promise<never> {
    throw this._readOnly(oldLocalPath);
  }

  async save(localPath: string): Promise<never> {
    throw this._readOnly(localPath);
  }

  async copy(localPath: string): Promise<never> {
    throw this._readOnly(localPath);
  }

  async createCheckpoint(localPath: string): Promise<never> {
    throw this._readOnly(localPath);
  }

  async restoreCheckpoint(localPath: string): Promise<never> {
    throw this._readOnly(localPath);
  }

  async deleteCheckpoint(localPath: string): Promise<never> {
    throw this._readOnly(localPath);
  }

  private async _read(place: ITrialPlace): Promise<unknown> {
    const { sweep, index } = place;
    const key = keyOf(place);
    const prepared = this._prepared;
    this._prepared = null;
    try {
      const notebook =
        prepared?.key === key
          ? prepared.notebook
          : await this._options.model.trialNotebook(sweep, index);
      this._failedCells.set(key, notebook.failed_cell);
      return untrusted(notebook.content);
    } catch (error) {
      // The document manager knows its own kind of error only.
      const status = error instanceof RequestError ? error.status : 0;
      throw refusal(status || 503, messageOf(error));
    }
  }

  private _readOnly(path: string): ServerConnection.ResponseError {
    const message = this._options.trans.__(
      '%1 is the record of a trial and cannot be changed. Its notebook is the file the sweep was made from.',
      PathExt.basename(path) || DRIVE
    );
    return refusal(403, message);
  }

  private _failedCells = new Map<string, number | null>();
  private _fileChanged = new Signal<this, Contents.IChangedArgs>(this);
  private _isDisposed = false;
  /** Read ahead by `prepare`, for one `get`. */
  private _prepared: { key: string; notebook: TrialNotebook } | null = null;
}

export namespace TrialsDrive {
  export interface IOptions {
    model: Pick<IMlopsModel, 'trialNotebook'>;
    serverSettings: ServerConnection.ISettings;
    trans: TranslationBundle;
  }
}

function keyOf({ sweep, index }: ITrialPlace): string {
  return `${sweep}/${index}`;
}

/**
 * The notebook without what it claims about its own trust.
 *
 * Jupyter's server says which notebooks of a person are trusted; what ran elsewhere could claim anything, and its
 * scripts would then run in this page.
 */
function untrusted(content: Record<string, unknown>): unknown {
  const cells = Array.isArray(content.cells) ? content.cells : [];
  return {
    ...content,
    cells: cells.map(cell => {
      const metadata = { ...cell.metadata };
      delete metadata.trusted;
      return { ...cell, metadata };
    })
  };
}

function refusal(
  status: number,
  message: string
): ServerConnection.ResponseError {
  return new ServerConnection.ResponseError(
    new Response(null, { status }),
    message
  );
}
