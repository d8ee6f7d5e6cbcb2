import { PathExt } from '@jupyterlab/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import type { EnvironmentState, Restored, Snapshot } from '../api';
import { messageOf } from '../request';
import { shortDigest } from '../sweep/format';
import type { ISnapshots } from '../tokens';

const POLL_MS = 1_000;
const MAX_WAIT_MS = 15_000;

/** One restoring of a snapshot, from the question for a folder to an environment that is ready. */
export class RestoreModel implements IDisposable {
  constructor(
    private readonly _snapshots: Pick<ISnapshots, 'restore' | 'environment'>
  ) {}

  /** Whether the files are being laid out. */
  running = false;
  restored: Restored | null = null;
  /** As it is now; null when the snapshot knows of none. */
  environment: EnvironmentState | null = null;
  /** What went wrong, in words. */
  error: string | null = null;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Path of the restored notebook from the server's root; null until it is there. */
  get notebook(): string | null {
    return this.restored?.notebook ?? null;
  }

  /** Lay the snapshot out in a folder, and follow its environment until it is built. */
  async start(digest: string, folder: string): Promise<void> {
    if (this.running) {
      return;
    }
    clearTimeout(this._timer);
    this.running = true;
    this.restored = this.environment = this.error = null;
    this._emit();
    try {
      this.restored = await this._snapshots.restore(digest, folder);
      this.environment = this.restored.environment;
      this._follow(POLL_MS);
    } catch (error) {
      this.error = messageOf(error);
    }
    this.running = false;
    this._emit();
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
    Signal.clearData(this);
  }

  private _follow(wait: number): void {
    if (this.environment?.status === 'building' && !this._isDisposed) {
      this._timer = setTimeout(() => void this._ask(wait), wait);
    }
  }

  private async _ask(wait: number): Promise<void> {
    const { digest } = this.environment!;
    let next = POLL_MS;
    try {
      this.environment = await this._snapshots.environment(digest);
      this.error = null;
    } catch (error) {
      this.error = messageOf(error);
      next = Math.min(2 * wait, MAX_WAIT_MS);
    }
    this._follow(next);
    this._emit();
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}

/** Where a snapshot is laid out unless a person says otherwise: beside nothing else. */
export function suggestedFolder({ digest, manifest }: Snapshot): string {
  const stem = PathExt.basename(manifest.name, '.ipynb');
  return `${stem}-${shortDigest(digest)}`;
}
