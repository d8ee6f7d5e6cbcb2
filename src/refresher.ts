import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';

/**
 * Asks one question again: when somebody wants to know now, on hints from the event bus, and by a slow poll in case a
 * hint was lost. Never twice at the same time.
 */
export class Refresher implements IDisposable {
  constructor(private readonly _options: Refresher.IOptions) {
    const { name, interval } = _options;
    this._poll = new Poll({
      name,
      auto: false,
      factory: () => this.now(),
      frequency: { interval, backoff: 3, max: 30_000 },
      standby: 'when-hidden'
    });
    this._poll.ticked.connect(() => this._scheduled.emit());
  }

  /** The next question by the poll has been planned. */
  get scheduled(): ISignal<this, void> {
    return this._scheduled;
  }

  /** When the poll asks next, in milliseconds since 1970; null while it asks or rests. */
  get nextAt(): number | null {
    const { timestamp, interval } = this._poll.state;
    return interval > 0 && interval !== Poll.NEVER
      ? timestamp + interval
      : null;
  }

  /** Milliseconds between two questions of the poll when all is well. */
  set interval(interval: number) {
    this._poll.frequency = { ...this._poll.frequency, interval };
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  /** Let the poll ask, the first time at once. */
  start(): void {
    void this._poll.start();
  }

  /** Let the poll rest; hints and `now` still ask. */
  stop(): void {
    void this._poll.stop();
  }

  /** Something may have changed: ask soon, but no more often than `spacing` allows. */
  hint(): void {
    if (this._timer !== undefined || this.isDisposed) {
      return;
    }
    const wait = this._asked + this._options.spacing - Date.now();
    this._timer = setTimeout(
      () => {
        this._timer = undefined;
        // Whoever asks keeps the error; the poll comes back to it.
        this.now().catch(() => undefined);
      },
      Math.max(0, wait)
    );
  }

  /**
   * Ask, and once more if a question is under way: its answer may be from before what the caller knows of.
   */
  now(): Promise<void> {
    if (this._running) {
      this._again = true;
      return this._running;
    }
    this._running = this._run().finally(() => {
      this._running = null;
    });
    return this._running;
  }

  dispose(): void {
    clearTimeout(this._timer);
    this._poll.dispose();
    Signal.clearData(this);
  }

  private async _run(): Promise<void> {
    do {
      this._again = false;
      this._asked = Date.now();
      await this._options.ask();
    } while (this._again && !this.isDisposed);
  }

  private _again = false;
  private _asked = 0;
  private _poll: Poll;
  private _running: Promise<void> | null = null;
  private _scheduled = new Signal<this, void>(this);
  private _timer: ReturnType<typeof setTimeout> | undefined;
}

export namespace Refresher {
  export interface IOptions {
    /** Named in errors of the poll. */
    name: string;
    ask: () => Promise<void>;
    /** Milliseconds between two questions of the poll. */
    interval: number;
    /** Milliseconds that two questions after hints are apart at least. */
    spacing: number;
  }
}
