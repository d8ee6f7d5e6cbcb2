import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import type { NotebookState } from '../api';
import type { ISnapshots } from '../tokens';

/** The server asks the kernel's interpreter what is installed: not for every one of several saves in a row. */
const DELAY_MS = 600;

/** Whether a notebook that is open is kept, asked when that may have changed and somebody can see the answer. */
export class BadgeModel implements IDisposable {
  constructor(private readonly _options: BadgeModel.IOptions) {
    const { context, snapshots } = _options;
    context.model.stateChanged.connect(this._onState, this);
    context.saveState.connect(this._onSaved, this);
    context.pathChanged.connect(this._onPath, this);
    snapshots.kept.connect(this._onKept, this);
  }

  /** What the server said last; null when it has not, or does not answer. */
  state: NotebookState | null = null;

  /** Whether the document has changes that are not on disk, where the server looks. */
  get dirty(): boolean {
    return this._options.context.model.dirty;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** It may be another than it was: ask soon, or when somebody looks again. */
  hint(): void {
    this._stale = true;
    this._turn++;
    clearTimeout(this._timer);
    this._timer = setTimeout(() => void this._ask(), DELAY_MS);
  }

  /** Somebody can see it now. */
  look(): void {
    if (this._stale) {
      this.hint();
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    const { context, snapshots } = this._options;
    this._isDisposed = true;
    clearTimeout(this._timer);
    context.model?.stateChanged.disconnect(this._onState, this);
    context.saveState.disconnect(this._onSaved, this);
    context.pathChanged.disconnect(this._onPath, this);
    snapshots.kept.disconnect(this._onKept, this);
    Signal.clearData(this);
  }

  private async _ask(): Promise<void> {
    const { context, path, snapshots, visible } = this._options;
    if (this._isDisposed || !visible() || !context.isReady) {
      return;
    }
    const turn = this._turn;
    let state: NotebookState | null = null;
    try {
      state = await snapshots.stateOf(path());
    } catch {
      // Whoever saves a notebook did not ask: the sidebar says when nobody answers.
    }
    if (turn === this._turn && !this._isDisposed) {
      this._stale = state === null;
      this.state = state;
      this._changed.emit();
    }
  }

  private _onState(_: unknown, { name }: { name: string }): void {
    if (name === 'dirty') {
      this._changed.emit();
    }
  }

  private _onSaved(_: unknown, saved: DocumentRegistry.SaveState): void {
    if (saved === 'completed') {
      this.hint();
    }
  }

  private _onPath(): void {
    this.state = null;
    this._changed.emit();
    this.hint();
  }

  private _onKept(_: unknown, path: string): void {
    if (path === this._options.path()) {
      this.hint();
    }
  }

  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _stale = true;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _turn = 0;
}

export namespace BadgeModel {
  export interface IOptions {
    context: Pick<
      DocumentRegistry.IContext<DocumentRegistry.IModel>,
      'isReady' | 'model' | 'pathChanged' | 'saveState'
    >;
    /** The notebook's path from the server's root. */
    path: () => string;
    snapshots: Pick<ISnapshots, 'kept' | 'stateOf'>;
    /** Whether anybody can see the badge. */
    visible: () => boolean;
  }
}
