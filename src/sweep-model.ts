import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import type { Sweep, Trial, TrialPage } from './api';
import { Refresher } from './refresher';
import { messageOf } from './request';
import { hasEnded, type ISweepModel } from './tokens';

const INTERVAL_MS = 5_000;
/** Four answers a second look live; more cost the server and show nobody anything. */
const SPACING_MS = 250;
/** How long to wait for a frame that a hidden page never paints. */
const HIDDEN_FRAME_MS = 100;

/** What all handles on one sweep share. */
export class SweepStore implements IDisposable {
  constructor(private readonly _options: SweepStore.IOptions) {
    this._refresher = new Refresher({
      name: `jupyter-mlops:sweep-${_options.id}`,
      ask: () => this._ask(),
      interval: INTERVAL_MS,
      spacing: SPACING_MS
    });
    this._refresher.start();
  }

  readonly trials = new Map<number, Trial>();
  error: string | null = null;
  loading = true;
  revision = 0;
  sweep: Sweep | null = null;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._refresher.isDisposed;
  }

  /** A handle of one's own; the last one disposed disposes the store. */
  handle(): ISweepModel {
    this._handles++;
    return new SweepHandle(this._options.id, this, () => {
      if (--this._handles === 0) {
        this.dispose();
        this._options.released();
      }
    });
  }

  /** Take an answer that came some other way, such as from a press on Pause. */
  adopt(sweep: Sweep): void {
    this.sweep = sweep;
    this._emit();
    this._refresher.hint();
  }

  hint(): void {
    this._refresher.hint();
  }

  async refresh(): Promise<void> {
    await this._refresher.now().catch(() => undefined);
  }

  dispose(): void {
    cancelFrame(this._frame);
    this._refresher.dispose();
    Signal.clearData(this);
  }

  private async _ask(): Promise<void> {
    try {
      // The sweep first: once it has ended, the trials asked for afterwards are the last word.
      this.sweep = await this._options.askSweep();
      this._emit();
      await this._askTrials();
      this.error = null;
      this.loading = false;
      if (hasEnded(this.sweep)) {
        this._refresher.stop();
      } else {
        this._refresher.start();
      }
    } catch (error) {
      this.error = messageOf(error);
      this.loading = false;
      throw error;
    } finally {
      this._emit();
    }
  }

  private async _askTrials(): Promise<void> {
    // Rows stay as they are while the server, restarted meanwhile, tells everything from the start.
    let replacement: Map<number, Trial> | null = null;
    let more = true;
    while (more && !this.isDisposed) {
      const page = await this._options.askTrials(this._rev);
      if (page.reset && this.trials.size > 0) {
        replacement = new Map();
      }
      for (const trial of page.trials) {
        (replacement ?? this.trials).set(trial.index, trial);
      }
      // An answer that gets us no further would have us ask for ever.
      more = page.more && page.rev !== this._rev;
      this._rev = page.rev;
      if (!replacement && page.trials.length > 0) {
        this._emit();
      }
    }
    if (replacement) {
      this.trials.clear();
      replacement.forEach((trial, index) => this.trials.set(index, trial));
    }
  }

  private _emit(): void {
    if (this._frame !== null || this.isDisposed) {
      return;
    }
    this._frame = nextFrame(() => {
      this._frame = null;
      this.revision++;
      this._changed.emit();
    });
  }

  private _changed = new Signal<this, void>(this);
  private _frame: Frame | null = null;
  private _handles = 0;
  private _refresher: Refresher;
  private _rev = '';
}

export namespace SweepStore {
  export interface IOptions {
    id: string;
    askSweep: () => Promise<Sweep>;
    askTrials: (since: string) => Promise<TrialPage>;
    /** Nobody holds it any more. */
    released: () => void;
  }
}

class SweepHandle implements ISweepModel {
  constructor(
    readonly id: string,
    private readonly _store: SweepStore,
    private readonly _release: () => void
  ) {
    _store.changed.connect(this._onChanged, this);
  }

  get sweep(): Sweep | null {
    return this._store.sweep;
  }

  get trials(): ReadonlyMap<number, Trial> {
    return this._store.trials;
  }

  get revision(): number {
    return this._store.revision;
  }

  get loading(): boolean {
    return this._store.loading;
  }

  get error(): string | null {
    return this._store.error;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  refresh(): Promise<void> {
    return this._store.refresh();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._store.changed.disconnect(this._onChanged, this);
    Signal.clearData(this);
    this._release();
  }

  private _onChanged(): void {
    this._changed.emit();
  }

  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}

type Frame = { request?: number; timer?: ReturnType<typeof setTimeout> };

function nextFrame(run: () => void): Frame {
  return document.hidden
    ? { timer: setTimeout(run, HIDDEN_FRAME_MS) }
    : { request: requestAnimationFrame(run) };
}

function cancelFrame(frame: Frame | null): void {
  if (frame?.request !== undefined) {
    cancelAnimationFrame(frame.request);
  }
  clearTimeout(frame?.timer);
}
