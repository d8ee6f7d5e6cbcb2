import type { TranslationBundle } from '@jupyterlab/translation';
import { JSONExt } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import type {
  ExecutorOffer,
  NotebookInfo,
  Problem,
  Sweep,
  SweepRequest
} from '../api';
import { messageOf } from '../request';
import type { IMlopsModel } from '../tokens';
import { stateAgain } from './form-again';
import { Planner } from './form-planner';
import { requestOf } from './form-request';
import {
  DEFAULTS,
  initialRow,
  initialState,
  namedParameter,
  restoredState,
  type Defaults,
  type FormState,
  type RowState
} from './form-state';
import {
  atOnceHere,
  fieldWord,
  offeredPlace,
  PLACE_FIELDS,
  placeOf,
  unusableWords
} from './place';

/** Long enough to finish a number, short enough to be an answer to it. */
const PLAN_DELAY_MS = 300;

/** A sweep form: what was filled in, and what the server says of it. */
export class SweepFormModel implements IDisposable {
  constructor(private readonly _options: SweepFormModel.IOptions) {
    this.snapshot = _options.snapshot ?? null;
    this.offers = _options.model.status?.executors ?? [];
    this._planner = new Planner({
      order: () => this._order(),
      plan: request => _options.model.planSweep(request),
      planned: () => this._emit()
    });
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
  /** Whether Run has been pressed and the sweep is not there yet. */
  running = false;
  /** Whether the values are those of the last time. */
  recalled = false;

  /** Everything that is wrong, field by field. */
  get problems(): ReadonlyArray<Problem> {
    return this._planner.problems;
  }

  /** How many trials Run would start; null while that is unknown. */
  get trials(): number | null {
    return this._planner.trials;
  }

  /** What went wrong and belongs to no field, in words. */
  get error(): string | null {
    return this._planner.error;
  }

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
        const same = JSONExt.deepEqual(this.state as never, fresh as never);
        this.recalled = !same;
      }
      this.info = info;
      this.loadError = null;
      this._planner.soon(0);
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
        this._planner.forget(PLACE_FIELDS);
      }
      this._planner.soon(isPlace ? 0 : PLAN_DELAY_MS);
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
    this._planner.soon(0);
  }

  /** Why Run cannot be pressed, in words; null when it can. */
  get blocked(): string | null {
    const { trans } = this._options;
    const place = placeOf(this.state ?? DEFAULTS, this.offers);
    const unusable = unusableWords(place, trans);
    if (unusable) {
      return unusable;
    }
    if (this.problems.length > 0) {
      const fields = new Set(this.problems.map(({ field }) => field));
      const names = [...fields].map(field => fieldWord(field, place, trans));
      return trans.__('Mend first: %1.', names.join(', '));
    }
    if (this.error !== null) {
      return this.error;
    }
    return this.trials === null ? trans.__('Counting the trials…') : null;
  }

  /** Order the sweep; null when it was refused, and then the form says why. */
  async run(): Promise<Sweep | null> {
    if (!this.state || this.running) {
      return null;
    }
    // Pressed right after the last key: what Run would do is not known yet.
    await this._planner.settled();
    const request = this._order()?.request;
    if (!request || this.blocked !== null) {
      return null;
    }
    this.running = true;
    this._planner.error = null;
    this._emit();
    try {
      if (this.snapshot === null) {
        await this._options.save();
      }
      return await this._options.run(request);
    } catch (error) {
      this._planner.refused(error);
      return null;
    } finally {
      this.running = false;
      this._emit();
    }
  }

  dispose(): void {
    this._isDisposed = true;
    this._planner.dispose();
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
    const { offers } = this;
    const fresh = initialState(info, defaults, atOnceHere(offers));
    return offeredPlace(fresh, offers);
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
        this._planner.soon(0);
      }
      this._emit();
    }
  }

  /** What the form orders as it stands, or what cannot be read of it. */
  private _order(): ReturnType<typeof requestOf> | null {
    const { path, trans } = this._options;
    const { snapshot, offers } = this;
    return this.state && requestOf(path, this.state, trans, snapshot, offers);
  }

  private _emit(): void {
    // Once disposed, nobody is connected any more.
    this._changed.emit();
  }

  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _planner: Planner;
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
