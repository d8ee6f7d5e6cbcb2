import type { Event, ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal, type ISignal } from '@lumino/signaling';

import type {
  NotebookInfo,
  Status,
  Sweep,
  SweepPlan,
  SweepRequest,
  Trial,
  TrialLog,
  TrialNotebook
} from './api';
import { Refresher } from './refresher';
import { messageOf, RequestError, Requests } from './request';
import { Snapshots } from './snapshot-model';
import { SweepStore } from './sweep-model';
import { hasEnded, type IMlopsModel, type ISweepModel } from './tokens';

/** Sent by the server when something may have changed; `{kind: 'sweep' | 'sweeps', id}`. */
export const CHANGED_SCHEMA =
  'https://schema.jupyter.org/jupyter_mlops/changed/v1';

const LIVE_INTERVAL_MS = 5_000;
const QUIET_INTERVAL_MS = 15_000;
/** The list shows progress bars, not trials: once a second is live enough. */
const LIST_SPACING_MS = 1_000;
const LIST_LIMIT = 100;
const PAGE_LIMIT = 1_000;

/** The only store of the front end, and the only one that asks the server. */
export class MlopsModel implements IMlopsModel {
  constructor(options: MlopsModel.IOptions) {
    this._requests = new Requests(options.serverSettings, options.trans);
    this.snapshots = new Snapshots(this._requests);
    this._refresher = new Refresher({
      name: 'jupyter-mlops:sweeps',
      ask: () => this._ask(),
      interval: LIVE_INTERVAL_MS,
      spacing: LIST_SPACING_MS
    });
    // `retryAt` is only known once the poll has planned it.
    this._refresher.scheduled.connect(() => {
      if (this._offline !== null) {
        this._changed.emit();
      }
    });
    this._events = options.events ?? null;
    this._events?.connect(this._onEvent, this);
    this._refresher.start();
  }

  readonly snapshots: Snapshots;

  get sweeps(): ReadonlyArray<Sweep> {
    return this._sweeps;
  }

  get ready(): boolean {
    return this._ready;
  }

  get status(): Status | null {
    return this._status;
  }

  get offline(): string | null {
    return this._offline;
  }

  get retryAt(): number | null {
    return this._offline === null ? null : this._refresher.nextAt;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get ended(): ISignal<this, Sweep> {
    return this._ended;
  }

  get isDisposed(): boolean {
    return this._refresher.isDisposed;
  }

  async refresh(): Promise<void> {
    await this._refresher.now().catch(() => undefined);
  }

  sweep(id: string): ISweepModel {
    return (this._stores.get(id) ?? this._open(id)).handle();
  }

  inspectNotebook(path: string, snapshot?: string): Promise<NotebookInfo> {
    return this._requests.ask('inspectNotebook', { path, snapshot });
  }

  planSweep(request: SweepRequest): Promise<SweepPlan> {
    return this._requests.ask('planSweep', {}, request);
  }

  async createSweep(request: SweepRequest): Promise<Sweep> {
    const sweep = this._adopt(
      await this._requests.ask('createSweep', {}, request)
    );
    this._refresher.hint();
    if (!request.snapshot) {
      this.snapshots.announce(request.notebook);
    }
    return sweep;
  }

  sweepRequest(id: string): Promise<SweepRequest> {
    return this._requests.ask('sweepRequest', { sweep: id });
  }

  async verifySnapshot(digest: string): Promise<Sweep> {
    return this._adopt(await this._requests.ask('verifySnapshot', { digest }));
  }

  async pause(id: string): Promise<Sweep> {
    return this._altered(await this._requests.ask('pauseSweep', { sweep: id }));
  }

  async resume(id: string): Promise<Sweep> {
    return this._altered(
      await this._requests.ask('resumeSweep', { sweep: id })
    );
  }

  async stop(id: string): Promise<Sweep> {
    return this._altered(await this._requests.ask('stopSweep', { sweep: id }));
  }

  async stopTrial(id: string, index: number): Promise<Trial> {
    const trial = await this._requests.ask('stopTrial', { sweep: id, index });
    this._stores.get(id)?.hint();
    return trial;
  }

  trialNotebook(id: string, index: number): Promise<TrialNotebook> {
    return this._requests.ask('trialNotebook', { sweep: id, index });
  }

  trialLog(id: string, index: number, offset: number): Promise<TrialLog> {
    return this._requests.ask('trialLog', { sweep: id, index, offset });
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._events?.disconnect(this._onEvent, this);
    this._stores.forEach(store => store.dispose());
    this._stores.clear();
    this._refresher.dispose();
    this.snapshots.dispose();
    Signal.clearData(this);
  }

  private _open(id: string): SweepStore {
    const store = new SweepStore({
      id,
      askSweep: async () =>
        this._adopt(await this._requests.ask('getSweep', { sweep: id })),
      askTrials: since =>
        this._requests.ask('listTrials', {
          sweep: id,
          since,
          limit: PAGE_LIMIT
        }),
      released: () => this._stores.delete(id)
    });
    this._stores.set(id, store);
    return store;
  }

  private async _ask(): Promise<void> {
    try {
      if (this._status === null || this._offline !== null) {
        this._status = await this._requests.ask('status', {});
      }
      if (!this._status.online) {
        const { message } = this._status;
        throw new RequestError({ message, kind: 'Unavailable', problems: [] });
      }
      const { sweeps } = await this._requests.ask('listSweeps', {
        limit: LIST_LIMIT
      });
      this._replace(sweeps);
      this._offline = null;
      this._ready = true;
    } catch (error) {
      this._offline = messageOf(error);
      throw error;
    } finally {
      this._changed.emit();
    }
  }

  private _replace(sweeps: Sweep[]): void {
    const before = new Map(this._sweeps.map(sweep => [sweep.id, sweep]));
    this._sweeps = sweeps;
    const live = sweeps.some(sweep => !hasEnded(sweep));
    this._refresher.interval = live ? LIVE_INTERVAL_MS : QUIET_INTERVAL_MS;
    for (const sweep of sweeps) {
      this._announce(before.get(sweep.id), sweep);
    }
  }

  /** Put one sweep's newer answer in its place in the list. */
  private _adopt(sweep: Sweep): Sweep {
    const place = this._sweeps.findIndex(({ id }) => id === sweep.id);
    const before = this._sweeps[place];
    this._sweeps =
      place < 0
        ? [sweep, ...this._sweeps].sort((a, b) => b.started - a.started)
        : this._sweeps.map(known => (known.id === sweep.id ? sweep : known));
    this._announce(before, sweep);
    this._changed.emit();
    return sweep;
  }

  private _altered(sweep: Sweep): Sweep {
    this._stores.get(sweep.id)?.adopt(sweep);
    return this._adopt(sweep);
  }

  private _announce(before: Sweep | undefined, now: Sweep): void {
    if (before && !hasEnded(before) && hasEnded(now)) {
      this._ended.emit(now);
    }
  }

  private _onEvent(_: Event.IManager, emission: Event.Emission): void {
    if (emission.schema_id !== CHANGED_SCHEMA) {
      return;
    }
    this._refresher.hint();
    if (emission.kind === 'sweep' && typeof emission.id === 'string') {
      this._stores.get(emission.id)?.hint();
    }
  }

  private _changed = new Signal<this, void>(this);
  private _ended = new Signal<this, Sweep>(this);
  private _events: Event.Stream | null;
  private _offline: string | null = null;
  private _ready = false;
  private _refresher: Refresher;
  private _requests: Requests;
  private _status: Status | null = null;
  private _stores = new Map<string, SweepStore>();
  private _sweeps: ReadonlyArray<Sweep> = [];
}

export namespace MlopsModel {
  export interface IOptions {
    serverSettings: ServerConnection.ISettings;
    trans: TranslationBundle;
    /** Jupyter's event bus; without one the slow poll serves. */
    events?: Event.Stream;
  }
}
