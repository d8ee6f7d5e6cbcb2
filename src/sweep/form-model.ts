import type { TranslationBundle } from '@jupyterlab/translation';
import { JSONExt, type JSONValue } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import type {
  ExecutorOffer,
  NotebookInfo,
  Problem,
  Sweep,
  SweepRequest
} from '../api';
import { messageOf, RequestError } from '../request';
import type { IMlopsModel } from '../tokens';
import { stateAgain } from './form-again';
import { requestOf } from './form-request';
import {
  initialRow,
  initialState,
  namedParameter,
  restoredState,
  type Defaults,
  type FormState,
  type RowState
} from './form-state';
import { executorWord, isHere, offeredPlace, placeOf } from './place';

/** Long enough to finish a number, short enough to be an answer to it. */
const PLAN_DELAY_MS = 300;

/** What a request says of where it runs; and how many at once there. */
const PLACE_FIELDS = ['executor', 'profile', 'parallelism', 'trials_per_pod'];

/** A sweep form: what was filled in, and what the server says of it. */
export class SweepFormModel implements IDisposable {
  constructor(private readonly _options: SweepFormModel.IOptions) {
    this.snapshot = _options.snapshot ?? null;
    this.offers = _options.model.status?.executors ?? [];
    _options.model.changed.connect(this._onModel, this);
  }

  /** What the server read in the notebook; null until it has. */
  info: NotebookInfo | null = null;
  state: FormState | null = null;
  /** Digest of what is run instead of the notebook as it is now; null for that. */
  snapshot: string | null;
  /** Where trials can run; empty until it is known. */
  offers: ReadonlyArray<ExecutorOffer>;
  /** Why the notebook cannot be read, in words. */
  loadError: string | null = null;
  /** Everything that is wrong, field by field. */
  problems: ReadonlyArray<Problem> = [];
  /** How many trials Run would start; null while that is unknown. */
  trials: number | null = null;
  /** Whether the answer to the last change is still to come. */
  planning = false;
  /** Whether Run has been pressed and the sweep is not there yet. */
  running = false;
  /** What went wrong and belongs to no field, in words. */
  error: string | null = null;
  /** Whether the values are those of the last time. */
  recalled = false;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Read the notebook, again if need be; what has been filled in stays.
   *
   * @param save - whether to write the open notebook's changes to disk first.
   */
  async load(save: boolean): Promise<void> {
    const { path, model, defaults, trans } = this._options;
    try {
      const { snapshot } = this;
      if (save && snapshot === null) {
        await this._options.save();
      }
      const info = await model.inspectNotebook(path, snapshot ?? undefined);
      const fresh = this._fresh(info, await defaults());
      const first = this.state === null;
      const kept = this.state ?? (await this._before(fresh, info.readable));
      this.state = this._offered(restoredState(kept, fresh, info.readable));
      if (first && snapshot === null) {
        this.recalled = !JSONExt.deepEqual(
          this.state as unknown as JSONValue,
          fresh as unknown as JSONValue
        );
      }
      this.info = info;
      this.loadError = null;
      this._planSoon(0);
    } catch (error) {
      this.loadError = messageOf(error) || trans.__('It cannot be read.');
    }
    this._emit();
  }

  /** Run the notebook as it is now, and not the snapshot; what has been filled in stays where it fits. */
  async usePresent(): Promise<void> {
    this.snapshot = null;
    this.info = null;
    this._emit();
    await this.load(true);
  }

  update(change: Partial<FormState>): void {
    if (this.state) {
      this.state = { ...this.state, ...change };
      if (this.snapshot === null) {
        this._options.remember(this.state);
      }
      const isPlace = 'executor' in change || 'profile' in change;
      if (isPlace) {
        // They are about another place.
        this.problems = this.problems.filter(
          ({ field }) => !PLACE_FIELDS.includes(field)
        );
      }
      this._planSoon(isPlace ? 0 : PLAN_DELAY_MS);
      this._emit();
    }
  }

  updateRow(name: string, change: Partial<RowState>): void {
    const rows = this.state?.rows.map(row =>
      row.parameter.name === name ? { ...row, ...change } : row
    );
    this.update({ rows });
  }

  /** For notebooks in a language that nobody here reads. */
  addRow(name: string): void {
    const rows = this.state?.rows ?? [];
    if (!rows.some(row => row.parameter.name === name)) {
      this.update({ rows: [...rows, initialRow(namedParameter(name))] });
    }
  }

  removeRow(name: string): void {
    const rows = this.state?.rows ?? [];
    this.update({ rows: rows.filter(row => row.parameter.name !== name) });
  }

  /** Forget the values of the last time. */
  async startOver(): Promise<void> {
    if (this.info) {
      this.recalled = false;
      this.update(this._fresh(this.info, await this._options.defaults()));
    }
  }

  /** Ask again what the server says of it. */
  retry(): void {
    this._planSoon(0);
    this._emit();
  }

  /** Why Run cannot be pressed, in words; null when it can. */
  get blocked(): string | null {
    const { trans } = this._options;
    const offer = this.state && placeOf(this.state, this.offers).offer;
    if (offer?.problem) {
      return trans.__(
        '%1 cannot be used as it is set up; see “Run on”.',
        executorWord(offer.name, trans)
      );
    }
    if (this.problems.length > 0) {
      const names = this.problems.map(({ field }) =>
        field.replace(/^parameters\./, '')
      );
      return trans.__('Mend first: %1.', [...new Set(names)].join(', '));
    }
    if (this.error !== null) {
      return this.error;
    }
    return this.trials === null ? trans.__('Counting the trials…') : null;
  }

  /** Order the sweep; null when it was refused, and then the form says why. */
  async run(): Promise<Sweep | null> {
    const { path, trans } = this._options;
    if (!this.state || this.running) {
      return null;
    }
    if (this.planning) {
      // Pressed right after the last key: what Run would do is not known yet.
      clearTimeout(this._timer);
      await this._plan(this._turn);
    }
    const { request } = requestOf(
      path,
      this.state,
      trans,
      this.snapshot,
      this.offers
    );
    if (!request || this.blocked !== null) {
      return null;
    }
    this.running = true;
    this.error = null;
    this._emit();
    try {
      if (this.snapshot === null) {
        await this._options.save();
      }
      return await this._options.run(request);
    } catch (error) {
      this._refused(error);
      return null;
    } finally {
      this.running = false;
      this._emit();
    }
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
    Signal.clearData(this);
  }

  /** What the form is filled in with at first: an earlier sweep's order, or the values of the last time. */
  private async _before(fresh: FormState, readable: boolean): Promise<unknown> {
    const { again, recall } = this._options;
    if (again) {
      return stateAgain(await again(), fresh, readable);
    }
    return this.snapshot === null ? recall() : null;
  }

  private _fresh(info: NotebookInfo, defaults: Defaults): FormState {
    const here = this.offers.find(({ name }) => isHere(name));
    const fresh = initialState(info, defaults, here?.parallelism);
    return offeredPlace(fresh, this.offers);
  }

  /** What was remembered gives way to what is offered; what an earlier sweep ordered is shown as it was. */
  private _offered(state: FormState): FormState {
    return this._options.again ? state : offeredPlace(state, this.offers);
  }

  private _onModel({ status }: Pick<IMlopsModel, 'status'>): void {
    const offers = status?.executors ?? this.offers;
    if (!JSONExt.deepEqual(offers as never, this.offers as never)) {
      this.offers = offers;
      if (this.state) {
        this.state = this._offered(this.state);
        this._planSoon(0);
      }
      this._emit();
    }
  }

  private _planSoon(delay: number): void {
    this.planning = true;
    this._turn++;
    clearTimeout(this._timer);
    this._timer = setTimeout(() => void this._plan(this._turn), delay);
  }

  private async _plan(turn: number): Promise<void> {
    const { path, model, trans } = this._options;
    if (!this.state) {
      return;
    }
    const { request, problems } = requestOf(
      path,
      this.state,
      trans,
      this.snapshot,
      this.offers
    );
    this.error = null;
    if (request) {
      try {
        const plan = await model.planSweep(request);
        // Somebody typed on meanwhile: this answers a question that nobody asks any more.
        if (turn !== this._turn) {
          return;
        }
        this.problems = plan.problems;
        this.trials = plan.trials;
      } catch (error) {
        if (turn !== this._turn) {
          return;
        }
        this.problems = [];
        this._refused(error);
      }
    } else {
      this.problems = problems;
      this.trials = null;
    }
    this.planning = false;
    this._emit();
  }

  /** Problems go beside their fields, anything else beside Run. */
  private _refused(error: unknown): void {
    if (error instanceof RequestError && error.problems.length > 0) {
      this.problems = error.problems;
    } else {
      this.error = messageOf(error);
    }
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _turn = 0;
}

export namespace SweepFormModel {
  export interface IOptions {
    /** Path of the notebook from the server's root. */
    path: string;
    model: Pick<
      IMlopsModel,
      'changed' | 'inspectNotebook' | 'planSweep' | 'status'
    >;
    trans: TranslationBundle;
    /** Digest of what is to be run; else the notebook as it is then. */
    snapshot?: string | null;
    /** The order of an earlier sweep, to begin with. */
    again?: () => Promise<SweepRequest>;
    defaults: () => Promise<Defaults>;
    /** Write the notebook's changes to disk. */
    save: () => Promise<void>;
    run: (request: SweepRequest) => Promise<Sweep>;
    /** The values of the last time, if there was one. */
    recall: () => Promise<unknown>;
    remember: (state: FormState) => void;
  }
}
