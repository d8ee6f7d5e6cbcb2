import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import type {
  CheckReport,
  EnvironmentState,
  NotebookState,
  Restored,
  Snapshot,
  SnapshotDetails,
  SnapshotDiff,
  VerificationResult
} from './api';
import type { Requests } from './request';
import type { ISnapshots } from './tokens';

/** How many snapshots there are to choose from: older ones are found by their digest. */
const LIST_LIMIT = 200;

/** The part of the model that asks for snapshots. Keeps nothing: a snapshot never changes, and its uses are asked anew. */
export class Snapshots implements ISnapshots, IDisposable {
  constructor(private readonly _requests: Requests) {}

  get kept(): ISignal<this, string> {
    return this._kept;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  async create(path: string, include?: string[]): Promise<Snapshot> {
    const snapshot = await this._requests.ask(
      'createSnapshot',
      {},
      { notebook: path, ...(include?.length ? { include } : {}) }
    );
    this.announce(path);
    return snapshot;
  }

  async list(path?: string): Promise<Snapshot[]> {
    const { snapshots } = await this._requests.ask('listSnapshots', {
      notebook: path,
      limit: LIST_LIMIT
    });
    return snapshots;
  }

  details(digest: string): Promise<SnapshotDetails> {
    return this._requests.ask('getSnapshot', { digest });
  }

  diff(left: string, right: string): Promise<SnapshotDiff> {
    return this._requests.ask('diffSnapshots', { digest: left, other: right });
  }

  restore(digest: string, folder: string): Promise<Restored> {
    return this._requests.ask('restoreSnapshot', { digest }, { folder });
  }

  environment(digest: string): Promise<EnvironmentState> {
    return this._requests.ask('getEnvironment', { digest });
  }

  verification(id: string): Promise<VerificationResult> {
    return this._requests.ask('verificationResult', { sweep: id });
  }

  stateOf(path: string): Promise<NotebookState> {
    return this._requests.ask('notebookState', { path });
  }

  check(path: string, kernel?: string): Promise<CheckReport> {
    return this._requests.ask('checkNotebook', { path, kernel });
  }

  /** Say that a notebook may be kept now that was not. */
  announce(path: string): void {
    this._kept.emit(path);
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private _isDisposed = false;
  private _kept = new Signal<this, string>(this);
}
