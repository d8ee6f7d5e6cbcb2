// Generated from the server's types by `jlpm build:api`. Do not edit: change jupyter_mlops/server/operations.py instead.
export type components = {
  schemas: {
    Best: {
      index: number;
      objective: number;
    };
    /** @description One of these values. */
    Choice: {
      kind: 'list';
      values: unknown[];
    };
    Diagnosis: {
      findings: components['schemas']['Finding'][];
    };
    /** @description The JSON body of every answer that is not 2xx. */
    ErrorBody: {
      kind: string;
      message: string;
      problems: components['schemas']['Problem'][];
    };
    Finding: {
      fix: string;
      message: string;
      name: string;
      status: 'error' | 'ok' | 'warning';
    };
    /** @description The same value in every trial. */
    Fixed: {
      kind: 'fixed';
      value: unknown;
    };
    /** @description Where the notebook stood in its repository. */
    GitState: {
      branch: string;
      commit: string;
      dirty: boolean;
      remote: string;
    };
    /** @description What a snapshot holds, by content. Its digest is the snapshot's identity. */
    Manifest: {
      git: components['schemas']['GitState'] | null;
      kernel: string;
      language: string;
      name: string;
      notebook: string;
      version: number;
    };
    /** @description A notebook as the sweep form reads it, without running it. */
    NotebookInfo: {
      cells: number;
      experiment: string;
      has_parameters_cell: boolean;
      kernel: string;
      kernels: string[];
      language: string;
      max_trials: number;
      metrics: string[];
      name: string;
      parallelism: number;
      parameters: components['schemas']['Parameter'][];
      path: string;
      readable: boolean;
      suggested_parameters_cell: number | null;
    };
    /** @description One assignment in the `parameters` cell, as papermill infers it. */
    Parameter: {
      default: unknown;
      help: string;
      name: string;
      source: string;
      type: 'any' | 'bool' | 'dict' | 'float' | 'int' | 'list' | 'str';
    };
    /**
     * @description One thing that is wrong with one field of an order, in words.
     *
     *         Forms show it beside the field; the terminal prints it as a line.
     */
    Problem: {
      field: string;
      message: string;
    };
    /** @description A number from low to high, both included. */
    Range: {
      high: number;
      kind: 'range';
      low: number;
      scale?: 'int' | 'linear' | 'log';
      step?: number | null;
    };
    /** @description A kept snapshot. */
    Snapshot: {
      created: number;
      digest: string;
      manifest: components['schemas']['Manifest'];
      new: boolean;
      run_id: string;
    };
    SnapshotRequest: {
      notebook: string;
    };
    /** @description What the sidebar needs to know before anything else. */
    Status: {
      embedded: boolean;
      max_trials: number;
      message: string;
      mlflow_ui: string;
      online: boolean;
      parallelism: number;
      tracking: string;
      version: string;
    };
    /** @description A sweep as it is now: a row of the Runs section and the head of the sweep's page. */
    Sweep: {
      algorithm: 'grid' | 'random';
      best: components['schemas']['Best'] | null;
      counts: {
        [key: string]: number;
      };
      direction: 'maximize' | 'minimize';
      ended: number | null;
      executor: string;
      experiment: string;
      experiment_id: string;
      id: string;
      kernel: string;
      name: string;
      notebook: string;
      objective: string | null;
      parallelism: number;
      parameters: {
        [key: string]:
          | components['schemas']['Fixed']
          | components['schemas']['Choice']
          | components['schemas']['Range'];
      };
      reason: string;
      seconds_left: number | null;
      seed: number;
      snapshot: string;
      started: number;
      state:
        | 'cancelled'
        | 'failed'
        | 'lost'
        | 'paused'
        | 'running'
        | 'stopping'
        | 'succeeded';
      total: number;
      user: string;
    };
    SweepList: {
      sweeps: components['schemas']['Sweep'][];
    };
    /** @description What Run would do, or why it would not: shown beside the form while it is filled in. */
    SweepPlan: {
      problems: components['schemas']['Problem'][];
      trials: number | null;
    };
    /** @description What a person asks for, in a form, a command line or the SDK. Everything but the notebook has a default. */
    SweepRequest: {
      algorithm?: 'grid' | 'random';
      direction?: 'maximize' | 'minimize';
      experiment?: string | null;
      kernel?: string | null;
      notebook: string;
      objective?: string | null;
      parallelism?: number | null;
      parameters?: {
        [key: string]:
          | components['schemas']['Fixed']
          | components['schemas']['Choice']
          | components['schemas']['Range'];
      };
      seed?: number | null;
      trials?: number | null;
    };
    /** @description One row of a sweep's table. */
    Trial: {
      attempt: number;
      cells_done: number;
      cells_total: number;
      ended: number | null;
      has_notebook: boolean;
      index: number;
      objective: number | null;
      parameters: Record<string, unknown>;
      reason: string;
      run_id: string;
      started: number | null;
      state:
        | 'cancelled'
        | 'failed'
        | 'lost'
        | 'preempted'
        | 'pruned'
        | 'queued'
        | 'running'
        | 'succeeded';
    };
    /** @description A piece of a trial's log; ask on from `offset + len(bytes of text)`, given as `next`. */
    TrialLog: {
      ended: boolean;
      next: number;
      text: string;
    };
    /** @description An executed notebook, whole or so far. */
    TrialNotebook: {
      content: Record<string, unknown>;
      failed_cell: number | null;
      name: string;
    };
    /**
     * @description Trials that changed after a revision, oldest change first.
     *
     *         Ask with the `rev` of the last answer until `more` is false, and later again: the first page, a refresh and a
     *         reconnect are the same call. A `rev` of another server process gives everything again, with `reset` true.
     */
    TrialPage: {
      more: boolean;
      reset: boolean;
      rev: string;
      total: number;
      trials: components['schemas']['Trial'][];
    };
  };
};
export type Best = components['schemas']['Best'];
export type Choice = components['schemas']['Choice'];
export type Diagnosis = components['schemas']['Diagnosis'];
export type ErrorBody = components['schemas']['ErrorBody'];
export type Finding = components['schemas']['Finding'];
export type Fixed = components['schemas']['Fixed'];
export type GitState = components['schemas']['GitState'];
export type Manifest = components['schemas']['Manifest'];
export type NotebookInfo = components['schemas']['NotebookInfo'];
export type Parameter = components['schemas']['Parameter'];
export type Problem = components['schemas']['Problem'];
export type Range = components['schemas']['Range'];
export type Snapshot = components['schemas']['Snapshot'];
export type SnapshotRequest = components['schemas']['SnapshotRequest'];
export type Status = components['schemas']['Status'];
export type Sweep = components['schemas']['Sweep'];
export type SweepList = components['schemas']['SweepList'];
export type SweepPlan = components['schemas']['SweepPlan'];
export type SweepRequest = components['schemas']['SweepRequest'];
export type Trial = components['schemas']['Trial'];
export type TrialLog = components['schemas']['TrialLog'];
export type TrialNotebook = components['schemas']['TrialNotebook'];
export type TrialPage = components['schemas']['TrialPage'];

/** What each verb of the server takes and gives. */
export type Operations = {
  /** Keep a notebook as it stands on disk. The same content gives the same snapshot. */
  createSnapshot: {
    arguments: Record<string, never>;
    body: SnapshotRequest;
    answer: Snapshot;
  };
  /** Take a snapshot if the notebook changed, and run its trials. */
  createSweep: {
    arguments: Record<string, never>;
    body: SweepRequest;
    answer: Sweep;
  };
  /** What is found, what is missing, and what to do. */
  doctor: {
    arguments: Record<string, never>;
    body: undefined;
    answer: Diagnosis;
  };
  /** One snapshot by its digest, or the first twelve or more characters of it. */
  getSnapshot: {
    arguments: { digest: string | number };
    body: undefined;
    answer: Snapshot;
  };
  /** One sweep as it is now. */
  getSweep: {
    arguments: { sweep: string | number };
    body: undefined;
    answer: Sweep;
  };
  /** One trial as it is now. */
  getTrial: {
    arguments: { sweep: string | number; index: string | number };
    body: undefined;
    answer: Trial;
  };
  /** A notebook's parameters and suggestions for its sweep. */
  inspectNotebook: {
    arguments: { path?: string | number };
    body: undefined;
    answer: NotebookInfo;
  };
  /** Sweeps, newest first. */
  listSweeps: {
    arguments: { limit?: string | number };
    body: undefined;
    answer: SweepList;
  };
  /** Trials that changed since a revision. */
  listTrials: {
    arguments: {
      sweep: string | number;
      since?: string | number;
      limit?: string | number;
    };
    body: undefined;
    answer: TrialPage;
  };
  /** Start no further trials; those that run end by themselves. */
  pauseSweep: {
    arguments: { sweep: string | number };
    body: undefined;
    answer: Sweep;
  };
  /** How many trials a sweep would have, or everything that is wrong with it. Creates nothing. */
  planSweep: {
    arguments: Record<string, never>;
    body: SweepRequest;
    answer: SweepPlan;
  };
  /** Go on with a paused or lost sweep. */
  resumeSweep: {
    arguments: { sweep: string | number };
    body: undefined;
    answer: Sweep;
  };
  /** Version, store and limits; whether the store answers. */
  status: { arguments: Record<string, never>; body: undefined; answer: Status };
  /** Stop its running trials and start no others. What they have executed is kept. */
  stopSweep: {
    arguments: { sweep: string | number };
    body: undefined;
    answer: Sweep;
  };
  /** Stop one trial, or keep a waiting one from starting. */
  stopTrial: {
    arguments: { sweep: string | number; index: string | number };
    body: undefined;
    answer: Trial;
  };
  /** A trial's log from a byte offset on; below zero, from the end. */
  trialLog: {
    arguments: {
      sweep: string | number;
      index: string | number;
      offset?: string | number;
    };
    body: undefined;
    answer: TrialLog;
  };
  /** A trial's executed notebook; while it runs, what has been executed so far. */
  trialNotebook: {
    arguments: { sweep: string | number; index: string | number };
    body: undefined;
    answer: TrialNotebook;
  };
};

/** Where each verb lives, below `/mlops/`. */
export const ROUTES: {
  readonly [name in keyof Operations]: {
    readonly method: 'GET' | 'POST';
    readonly path: string;
  };
} = {
  createSnapshot: { method: 'POST', path: 'snapshots' },
  createSweep: { method: 'POST', path: 'sweeps' },
  doctor: { method: 'GET', path: 'doctor' },
  getSnapshot: { method: 'GET', path: 'snapshots/{digest}' },
  getSweep: { method: 'GET', path: 'sweeps/{sweep}' },
  getTrial: { method: 'GET', path: 'sweeps/{sweep}/trials/{index}' },
  inspectNotebook: { method: 'GET', path: 'notebook' },
  listSweeps: { method: 'GET', path: 'sweeps' },
  listTrials: { method: 'GET', path: 'sweeps/{sweep}/trials' },
  pauseSweep: { method: 'POST', path: 'sweeps/{sweep}/pause' },
  planSweep: { method: 'POST', path: 'sweeps/plan' },
  resumeSweep: { method: 'POST', path: 'sweeps/{sweep}/resume' },
  status: { method: 'GET', path: 'status' },
  stopSweep: { method: 'POST', path: 'sweeps/{sweep}/stop' },
  stopTrial: { method: 'POST', path: 'sweeps/{sweep}/trials/{index}/stop' },
  trialLog: { method: 'GET', path: 'sweeps/{sweep}/trials/{index}/log' },
  trialNotebook: {
    method: 'GET',
    path: 'sweeps/{sweep}/trials/{index}/notebook'
  }
};
