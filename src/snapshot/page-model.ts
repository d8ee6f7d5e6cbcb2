import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import type {
  Snapshot,
  SnapshotDetails,
  SnapshotUse,
  Sweep,
  VerificationResult
} from '../api';
import { messageOf } from '../request';
import { hasEnded, type IMlopsModel, type ISweepModel } from '../tokens';
import { RestoreModel } from './restore-model';

/** What runs, or ran, a snapshot, with how far it is while it runs. */
export type LiveUse = SnapshotUse & { readonly sweep: Sweep | null };

/** One verification whose differences are shown. */
export interface IShownResult {
  readonly id: string;
  /** Null until it is read. */
  readonly value: VerificationResult | null;
  readonly error: string | null;
}

/** Everything about one snapshot: what it holds, what ran it, and what is being done with it. */
export class SnapshotPageModel implements IDisposable {
  constructor(private readonly _options: SnapshotPageModel.IOptions) {
    const { model } = _options;
    this.restore = new RestoreModel(model.snapshots);
    this.restore.changed.connect(this._emit, this);
    model.changed.connect(this._onSweeps, this);
    model.snapshots.kept.connect(this._onKept, this);
  }

  readonly restore: RestoreModel;
  /** Null until the first answer. */
  details: SnapshotDetails | null = null;
  /** Other snapshots of the same notebook, newest first; null until they are known. */
  others: ReadonlyArray<Snapshot> | null = null;
  /** Why the last question was not answered, in words. */
  error: string | null = null;
  /** What went wrong with something that was asked for here, in words. */
  refusal: string | null = null;
  /** Whether a verification has been asked for and is not there yet. */
  starting = false;
  result: IShownResult | null = null;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get digest(): string {
    return this.details?.snapshot.digest ?? this._options.digest;
  }

  /** Newest first, those that run as they are now. */
  get uses(): LiveUse[] {
    const uses = this.details?.uses ?? [];
    return uses.map(use => {
      const sweep = this._handles.get(use.id)?.sweep ?? null;
      return sweep ? { ...use, ...partOf(sweep), sweep } : { ...use, sweep };
    });
  }

  /** Ask for everything, again if need be. Never rejects: see `error`. */
  async load(): Promise<void> {
    const { digest, model } = this._options;
    try {
      this.details = await model.snapshots.details(digest);
      this.error = null;
      this._follow();
    } catch (error) {
      this.error = messageOf(error);
    }
    this._emit();
    await this._loadOthers();
  }

  /** Run it clean. What comes of it is among its uses. */
  async verify(): Promise<void> {
    if (this.starting) {
      return;
    }
    this.starting = true;
    this.refusal = null;
    this._emit();
    try {
      await this._options.verify(this.digest);
      await this.load();
    } catch (error) {
      this.refusal = messageOf(error);
    }
    this.starting = false;
    this._emit();
  }

  /** Show what a verification found; null hides it. */
  async showResult(id: string | null): Promise<void> {
    this.result = id === null ? null : { id, value: null, error: null };
    this._emit();
    if (id === null) {
      return;
    }
    let shown: IShownResult;
    try {
      const value = await this._options.model.snapshots.verification(id);
      shown = { id, value, error: null };
    } catch (error) {
      shown = { id, value: null, error: messageOf(error) };
    }
    if (this.result?.id === id) {
      this.result = shown;
      this._emit();
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._options.model.changed.disconnect(this._onSweeps, this);
    this._options.model.snapshots.kept.disconnect(this._onKept, this);
    this._handles.forEach(handle => handle.dispose());
    this._handles.clear();
    this.restore.dispose();
    Signal.clearData(this);
  }

  private async _loadOthers(): Promise<void> {
    const { snapshot } = this.details ?? {};
    const path = snapshot && notebookOf(snapshot);
    if (!path) {
      return;
    }
    try {
      const all = await this._options.model.snapshots.list(path);
      this.others = all.filter(({ digest }) => digest !== this.digest);
    } catch {
      // Without them there is nothing to compare with; `error` says the rest.
      this.others ??= [];
    }
    this._emit();
  }

  /** Hold on to what still runs, and let go of what does not. */
  private _follow(): void {
    for (const { id, ended } of this.details?.uses ?? []) {
      if (ended === null && !this._handles.has(id) && !this._isDisposed) {
        const handle = this._options.model.sweep(id);
        handle.changed.connect(this._onUse, this);
        this._handles.set(id, handle);
      } else if (ended !== null) {
        this._release(id);
      }
    }
  }

  private _release(id: string): void {
    this._handles.get(id)?.dispose();
    this._handles.delete(id);
  }

  private _onUse(handle: ISweepModel): void {
    this._emit();
    // The verdict stands in the details, once it is there.
    if (handle.sweep && hasEnded(handle.sweep)) {
      this._loadSoon();
    }
  }

  /** A sweep of this snapshot that is not among its uses has begun. */
  private _onSweeps(): void {
    if (!this.details) {
      return;
    }
    this.details.uses.forEach(({ id }) => this._known.add(id));
    for (const { id, snapshot } of this._options.model.sweeps) {
      if (snapshot === this.digest && !this._known.has(id)) {
        // Once for each: that an answer leaves one out is no reason to ask for ever.
        this._known.add(id);
        this._loadSoon();
      }
    }
  }

  private _onKept(_: unknown, path: string): void {
    if (this.details && notebookOf(this.details.snapshot) === path) {
      void this._loadOthers();
    }
  }

  private _loadSoon(): void {
    this._loading ??= new Promise(resolve => setTimeout(resolve, SOON_MS))
      .then(() => (this._isDisposed ? undefined : this.load()))
      .finally(() => {
        this._loading = null;
      });
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _changed = new Signal<this, void>(this);
  private _handles = new Map<string, ISweepModel>();
  private _isDisposed = false;
  private _known = new Set<string>();
  private _loading: Promise<void> | null = null;
}

/** Several things happen at once when a run ends: one question serves for all. */
const SOON_MS = 300;

export namespace SnapshotPageModel {
  export interface IOptions {
    /** The snapshot's, or its first twelve characters. */
    digest: string;
    model: Pick<IMlopsModel, 'changed' | 'snapshots' | 'sweep' | 'sweeps'>;
    /** Begin to verify a snapshot. */
    verify: (digest: string) => Promise<unknown>;
  }
}

/** The notebook that a snapshot was taken of, as a path from the server's root. */
export function notebookOf({ manifest, sighting }: Snapshot): string {
  return sighting?.notebook ?? manifest.name;
}

function partOf({ state, ended, reason, verdict }: Sweep): Partial<LiveUse> {
  return {
    state,
    ended,
    ...(reason ? { reason } : {}),
    ...(verdict ? { verdict } : {})
  };
}
