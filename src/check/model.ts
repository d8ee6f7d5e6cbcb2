import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import type { CheckReport } from '../api';
import { messageOf } from '../request';
import type { ISnapshots } from '../tokens';

/** Several things change at once when a form is filled in. */
const DELAY_MS = 300;

/** What the check says of a notebook on a kernel, asked again when one of them changes. */
export class CheckModel implements IDisposable {
  constructor(private readonly _options: CheckModel.IOptions) {}

  /** What was found last; null until the first answer. */
  report: CheckReport | null = null;
  /** Why there is no newer answer, in words. */
  error: string | null = null;
  checking = false;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Findings because of which the notebook will not run to its end. */
  get errors(): number {
    const findings = this.report?.findings ?? [];
    return findings.filter(({ level }) => level === 'error').length;
  }

  /** Ask for another kernel; empty for the notebook's own. The same one again asks nothing. */
  set kernel(kernel: string) {
    if (kernel !== this._kernel) {
      this._kernel = kernel;
      this.ask();
    }
  }

  /** Ask soon; an answer to an earlier question then counts no more. */
  ask(): void {
    this._turn++;
    this.checking = true;
    clearTimeout(this._timer);
    this._timer = setTimeout(() => void this._ask(this._turn), DELAY_MS);
    this._emit();
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
    Signal.clearData(this);
  }

  private async _ask(turn: number): Promise<void> {
    const { path, snapshots } = this._options;
    let report: CheckReport | null = null;
    let error: string | null = null;
    try {
      report = await snapshots.check(path, this._kernel || undefined);
    } catch (reason) {
      error = messageOf(reason);
    }
    if (turn === this._turn) {
      this.report = report ?? this.report;
      this.error = error;
      this.checking = false;
      this._emit();
    }
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _kernel = '';
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _turn = 0;
}

export namespace CheckModel {
  export interface IOptions {
    /** The notebook's path from the server's root. */
    path: string;
    snapshots: Pick<ISnapshots, 'check'>;
  }
}
