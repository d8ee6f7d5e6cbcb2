import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';

import type {
  CheckReport,
  EnvironmentState,
  NotebookInfo,
  NotebookState,
  Restored,
  Snapshot,
  SnapshotDetails,
  SnapshotDiff,
  Status,
  Sweep,
  SweepPlan,
  SweepRequest,
  Trial,
  TrialLog,
  TrialNotebook,
  VerificationResult
} from './api';

/** Namespace of our words for the translators. */
export const TRANSLATION_DOMAIN = 'jupyter_mlops';

/** Id of the plugin whose settings are ours (`schema/plugin.json`). */
export const SETTINGS_ID = 'jupyter-mlops:plugin';

export namespace CommandIDs {
  /** Keep the current notebook, or the one at `path`, as it stands. */
  export const snapshot = 'mlops:snapshot';
  /** Show the page of the snapshot `{digest}`. */
  export const openSnapshot = 'mlops:open-snapshot';
  /** Show what was kept: all snapshots, or those of the notebook at `path`. */
  export const snapshots = 'mlops:open-snapshots';
  /** Show how the snapshots `{left}` and `{right}` differ. */
  export const compareSnapshots = 'mlops:compare-snapshots';
  /** Run the snapshot `{digest}` clean and compare what it says; gives the Sweep. */
  export const verifySnapshot = 'mlops:verify-snapshot';
  /** Say what will go wrong when the current notebook, or the one at `path`, runs from top to bottom. */
  export const check = 'mlops:check';
  /** Open the notebook at `path` at its `{cell}`. */
  export const openCell = 'mlops:open-cell';
  /** Open the sweep form of the current notebook, of the one at `path`, or of one as a snapshot kept it. */
  export const sweep = 'mlops:sweep';
  /** Open the sweep form filled in as for the sweep `{id}`, on the same snapshot. */
  export const sweepAgain = 'mlops:sweep-again';
  /** Run what a form, or a program, ordered: `{request}`; gives the Sweep. */
  export const runSweep = 'mlops:run-sweep';
  /** Show the page of the sweep `{id}`. */
  export const openSweep = 'mlops:open-sweep';
  /** Show the executed notebook of trial `{index}` of `{sweep}`. */
  export const openTrial = 'mlops:open-trial';
  /** Start no further trials of the sweep `{id}`. */
  export const pause = 'mlops:pause';
  /** Go on with the sweep `{id}`. */
  export const resume = 'mlops:resume';
  /** Stop the sweep `{id}` after asking once. */
  export const stop = 'mlops:stop';
  /** Stop trial `{index}` of `{sweep}`. */
  export const stopTrial = 'mlops:stop-trial';
  /** Tag a cell of a notebook as `parameters`: the current one, or cell `{cell}` of `{path}`. */
  export const tagParameters = 'mlops:tag-parameters';
  /** Write a small notebook that can be swept, and open it. */
  export const example = 'mlops:open-example';
  /** Ask the server again now. */
  export const refresh = 'mlops:refresh';
  /** Open MLflow's own pages: all of them, at the sweep `{id}`, or at its trial's run `{run}`. */
  export const openMlflow = 'mlops:open-mlflow';
}

/** Stands on the node of a sweep, in the sidebar or a page: by it commands without an id know which one is meant. */
export const SWEEP_ATTRIBUTE = 'data-sweep';

/** Stands on the node of a snapshot's page. */
export const SNAPSHOT_ATTRIBUTE = 'data-snapshot';

/**
 * One sweep and its trials, kept up to date for as long as somebody holds it.
 *
 * Every call of `IMlopsModel.sweep` gives a handle of its own; the last one disposed ends the asking.
 */
export interface ISweepModel extends IDisposable {
  readonly id: string;
  /** Null until the first answer. */
  readonly sweep: Sweep | null;
  /** By index. Changed in place: compare `revision`, not the Map. */
  readonly trials: ReadonlyMap<number, Trial>;
  /** Grows with every change of `sweep` or `trials`. */
  readonly revision: number;
  /** Whether the first complete answer is still on its way. */
  readonly loading: boolean;
  /** Why the last question was not answered, in words; null when it was. */
  readonly error: string | null;
  /** Emitted once a frame at most, however much changed. */
  readonly changed: ISignal<this, void>;
  /** Ask now. Never rejects: see `error`. */
  refresh(): Promise<void>;
}

/** What was kept, and what can be asked of it. Everything rejects with RequestError. */
export interface ISnapshots {
  /** A snapshot of the notebook at this path was asked for here, by itself or by a sweep. */
  readonly kept: ISignal<this, string>;
  /** Keep a notebook as it stands on disk, and the files that the globs name. */
  create(path: string, include?: string[]): Promise<Snapshot>;
  /** The newest, of one notebook or of all. */
  list(path?: string): Promise<Snapshot[]>;
  details(digest: string): Promise<SnapshotDetails>;
  diff(left: string, right: string): Promise<SnapshotDiff>;
  /** Lay it out in a folder; its environment may still be built then. */
  restore(digest: string, folder: string): Promise<Restored>;
  /** An environment, by its own digest. */
  environment(digest: string): Promise<EnvironmentState>;
  /** What a verification, by its id, has found. */
  verification(id: string): Promise<VerificationResult>;
  /** Whether a notebook, as it is on disk, is kept. */
  stateOf(path: string): Promise<NotebookState>;
  /** What will go wrong when a notebook runs from top to bottom. */
  check(path: string, kernel?: string): Promise<CheckReport>;
}

/** What the server knows, as far as the front end has asked: the only store, and the only one who asks. */
export interface IMlopsModel extends IDisposable {
  /** Newest first. */
  readonly sweeps: ReadonlyArray<Sweep>;
  /** Whether `sweeps` has been answered at least once. */
  readonly ready: boolean;
  readonly status: Status | null;
  /** What does not answer and what goes on all the same, in words; null when all is well. */
  readonly offline: string | null;
  /** When it asks again by itself, in milliseconds since 1970; null when nothing is planned. */
  readonly retryAt: number | null;
  readonly changed: ISignal<this, void>;
  /** A sweep that was seen alive has ended. */
  readonly ended: ISignal<this, Sweep>;

  /** Ask for the sweeps now. Never rejects: see `offline`. */
  refresh(): Promise<void>;
  readonly snapshots: ISnapshots;
  /** A handle on one sweep; dispose it when done. */
  sweep(id: string): ISweepModel;

  // What follows rejects with RequestError.
  /** A notebook as it is on disk, or as a snapshot kept it. */
  inspectNotebook(path: string, snapshot?: string): Promise<NotebookInfo>;
  planSweep(request: SweepRequest): Promise<SweepPlan>;
  createSweep(request: SweepRequest): Promise<Sweep>;
  /** What ordered a sweep, to order it again. */
  sweepRequest(id: string): Promise<SweepRequest>;
  /** Run a snapshot clean: a sweep of its own, whose verdict is the answer. */
  verifySnapshot(digest: string): Promise<Sweep>;
  pause(id: string): Promise<Sweep>;
  resume(id: string): Promise<Sweep>;
  stop(id: string): Promise<Sweep>;
  stopTrial(id: string, index: number): Promise<Trial>;
  trialNotebook(id: string, index: number): Promise<TrialNotebook>;
  trialLog(id: string, index: number, offset: number): Promise<TrialLog>;
}

export const IMlopsModel = new Token<IMlopsModel>(
  'jupyter-mlops:IMlopsModel',
  'Sweeps, their trials and what can be asked of them.'
);

/** The sweep has ended and no trial of it will change any more. */
export function hasEnded(sweep: Sweep): boolean {
  return (
    sweep.state === 'succeeded' ||
    sweep.state === 'failed' ||
    sweep.state === 'cancelled'
  );
}

/** Whether what a sweep ran is kept, and a person ordered it. */
export function canSweepAgain(sweep: Sweep | null): boolean {
  return sweep !== null && sweep.snapshot !== '' && sweep.purpose === 'sweep';
}
