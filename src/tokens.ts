import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';

import type {
  NotebookInfo,
  Snapshot,
  Status,
  Sweep,
  SweepPlan,
  SweepRequest,
  Trial,
  TrialLog,
  TrialNotebook
} from './api';

/** Namespace of our words for the translators. */
export const TRANSLATION_DOMAIN = 'jupyter_mlops';

/** Id of the plugin whose settings are ours (`schema/plugin.json`). */
export const SETTINGS_ID = 'jupyter-mlops:plugin';

export namespace CommandIDs {
  /** Keep the current notebook, or the one at `path`, as it stands. */
  export const snapshot = 'mlops:snapshot';
  /** Open the sweep form of the current notebook, or of the one at `path`. */
  export const sweep = 'mlops:sweep';
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
  /** A handle on one sweep; dispose it when done. */
  sweep(id: string): ISweepModel;

  // What follows rejects with RequestError.
  inspectNotebook(path: string): Promise<NotebookInfo>;
  planSweep(request: SweepRequest): Promise<SweepPlan>;
  createSweep(request: SweepRequest): Promise<Sweep>;
  createSnapshot(path: string): Promise<Snapshot>;
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
