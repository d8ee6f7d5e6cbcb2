// Generated from the server's types by `jlpm build:api`. Do not edit: change jupyter_mlops/server/operations/ instead.
export type components = {
  schemas: {
    Best: {
      index: number;
      objective: number;
    };
    /** @description A cell that is in one notebook only, or differs. */
    CellDifference: {
      cell_type: string;
      change: 'added' | 'changed' | 'removed';
      left: number | null;
      lines: string[];
      right: number | null;
    };
    /** @description One thing that will, or may, go wrong when the notebook runs from top to bottom in a fresh kernel. */
    CheckFinding: {
      cell: number | null;
      fix: string;
      level: 'error' | 'hint' | 'warning';
      line: number | null;
      message: string;
      rule:
        | 'absolute-path'
        | 'execution-order'
        | 'missing-kernel'
        | 'missing-module'
        | 'missing-package'
        | 'missing-path'
        | 'no-metric'
        | 'no-parameters'
        | 'syntax'
        | 'undefined-name'
        | 'unreadable-language'
        | 'used-before-defined';
    };
    /** @description All findings about one notebook: worst first, then from top to bottom. */
    CheckReport: {
      cells: number;
      findings: components['schemas']['CheckFinding'][];
      kernel: string;
      notebook: string;
      unknown: string[];
    };
    /** @description One of these values. */
    Choice: {
      kind: 'list';
      values: unknown[];
    };
    Diagnosis: {
      findings: components['schemas']['Finding'][];
    };
    /** @description Everything installed where a kernel runs. Its digest names it in caches: nothing of this machine is in it. */
    Environment: {
      conda: string[];
      implementation: string;
      packages: components['schemas']['Package'][];
      platform: string;
      python: string;
    };
    EnvironmentList: {
      environments: components['schemas']['EnvironmentState'][];
    };
    /** @description A rebuilt environment as it is on this machine now. */
    EnvironmentState: {
      digest: string;
      folder: string;
      kernel: string;
      message: string;
      packages: number;
      python: string;
      size: number;
      status: 'absent' | 'building' | 'failed' | 'ready';
      used: number;
    };
    /** @description The JSON body of every answer that is not 2xx. */
    ErrorBody: {
      kind: string;
      message: string;
      problems: components['schemas']['Problem'][];
    };
    /** @description A place where trials can run. */
    ExecutorOffer: {
      name: string;
      parallelism: number;
      problem: string;
      profiles: components['schemas']['ProfileOffer'][];
    };
    /** @description A named thing (package, file, commit, dataset) that is on one side only, or differs. */
    FieldDifference: {
      change: 'added' | 'changed' | 'removed';
      left: string;
      name: string;
      right: string;
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
    /**
     * @description What a snapshot holds, by content. Its digest is the snapshot's identity.
     *
     *         Nothing is in it that differs between two machines, or two days, with the same notebook, files and packages: where
     *         it was taken, by whom and at which commit stands in its sightings.
     */
    Manifest: {
      datasets: string[];
      environment: components['schemas']['Environment'] | null;
      files: components['schemas']['SnapshotFile'][];
      folder: string;
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
    /** @description Whether a notebook, as it is on disk, is kept: the badge of its toolbar. */
    NotebookState: {
      changed: string[];
      digest: string;
      kept: boolean;
      last: components['schemas']['Snapshot'] | null;
    };
    /** @description A code cell whose outputs are not those that were kept. */
    OutputDifference: {
      cell: number;
      lines: string[];
    };
    /** @description One installed distribution. */
    Package: {
      content: string;
      kind: 'archive' | 'index' | 'sources' | 'vcs' | 'wheel';
      name: string;
      url: string;
      version: string;
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
    /** @description A profile as the form shows it: nothing of where it runs or with which secrets. */
    ProfileOffer: {
      description: string;
      max_parallelism: number | null;
      name: string;
      parallelism: number;
      queue: string;
      resources: string;
      title: string;
      trials_per_pod: number;
    };
    PruneRequest: {
      digests?: string[];
      unused_days?: number;
    };
    /** @description A number from low to high, both included. */
    Range: {
      high: number;
      kind: 'range';
      low: number;
      scale?: 'int' | 'linear' | 'log';
      step?: number | null;
    };
    RestoreRequest: {
      folder: string;
    };
    /** @description A snapshot laid out in a folder. */
    Restored: {
      environment: components['schemas']['EnvironmentState'] | null;
      files: number;
      folder: string;
      notebook: string;
      notes: string[];
    };
    RetryRequest: {
      trials?: number[] | null;
      twice_the_memory?: boolean;
    };
    ScaleRequest: {
      parallelism: number;
    };
    /** @description Where, when and by whom a snapshot's content was seen: its provenance, not its identity. */
    Sighting: {
      folder: string;
      git: components['schemas']['GitState'] | null;
      has_diff: boolean;
      include: string[];
      indexes: string[];
      notebook: string;
      notes: string[];
      taken: number;
      user: string;
    };
    /** @description A kept snapshot. */
    Snapshot: {
      created: number;
      digest: string;
      manifest: components['schemas']['Manifest'];
      new: boolean;
      run_id: string;
      sighting: components['schemas']['Sighting'] | null;
    };
    /** @description Everything about a snapshot: the head and the body of its page. */
    SnapshotDetails: {
      cells: number;
      environment: components['schemas']['EnvironmentState'] | null;
      parameters: string[];
      snapshot: components['schemas']['Snapshot'];
      uses: components['schemas']['SnapshotUse'][];
    };
    /** @description Everything in which two snapshots differ; empty lists when nothing does. */
    SnapshotDiff: {
      cells: components['schemas']['CellDifference'][];
      datasets: components['schemas']['FieldDifference'][];
      environment: components['schemas']['FieldDifference'][];
      files: components['schemas']['FieldDifference'][];
      git: components['schemas']['FieldDifference'][];
      left: components['schemas']['Snapshot'];
      notebook: components['schemas']['FieldDifference'][];
      packages: components['schemas']['FieldDifference'][];
      right: components['schemas']['Snapshot'];
    };
    /** @description A local file that the notebook needs: a module it imports, or one that was named. */
    SnapshotFile: {
      path: string;
      sha256: string;
      size: number;
    };
    SnapshotList: {
      snapshots: components['schemas']['Snapshot'][];
    };
    SnapshotRequest: {
      include?: string[] | null;
      notebook: string;
    };
    /** @description Something that runs, or ran, a snapshot. */
    SnapshotUse: {
      ended: number | null;
      id: string;
      kind: 'sweep' | 'verification';
      name: string;
      reason: string;
      started: number;
      state: string;
      verdict: ('differs' | 'fails' | 'reproduces' | 'runs') | null;
    };
    /** @description What the sidebar needs to know before anything else. */
    Status: {
      embedded: boolean;
      executors: components['schemas']['ExecutorOffer'][];
      max_trials: number;
      message: string;
      mlflow_ui: string;
      online: boolean;
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
      profile: string;
      purpose: 'sweep' | 'verification';
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
      verdict: ('differs' | 'fails' | 'reproduces' | 'runs') | null;
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
      executor?: string | null;
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
      points?: number[] | null;
      profile?: string | null;
      seed?: number | null;
      snapshot?: string | null;
      trials?: number | null;
      trials_per_pod?: number | null;
    };
    /** @description One row of a sweep's table. */
    Trial: {
      attempt: number;
      cells_done: number;
      cells_total: number;
      ended: number | null;
      failure: ('machine' | 'memory' | 'notebook') | null;
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
    /** @description What a verification found: the artifact `verification.json` of its run. */
    VerificationResult: {
      cells: components['schemas']['OutputDifference'][];
      reference: string;
      sentence: string;
      verdict: 'differs' | 'fails' | 'reproduces' | 'runs';
    };
  };
};
export type Best = components['schemas']['Best'];
export type CellDifference = components['schemas']['CellDifference'];
export type CheckFinding = components['schemas']['CheckFinding'];
export type CheckReport = components['schemas']['CheckReport'];
export type Choice = components['schemas']['Choice'];
export type Diagnosis = components['schemas']['Diagnosis'];
export type Environment = components['schemas']['Environment'];
export type EnvironmentList = components['schemas']['EnvironmentList'];
export type EnvironmentState = components['schemas']['EnvironmentState'];
export type ErrorBody = components['schemas']['ErrorBody'];
export type ExecutorOffer = components['schemas']['ExecutorOffer'];
export type FieldDifference = components['schemas']['FieldDifference'];
export type Finding = components['schemas']['Finding'];
export type Fixed = components['schemas']['Fixed'];
export type GitState = components['schemas']['GitState'];
export type Manifest = components['schemas']['Manifest'];
export type NotebookInfo = components['schemas']['NotebookInfo'];
export type NotebookState = components['schemas']['NotebookState'];
export type OutputDifference = components['schemas']['OutputDifference'];
export type Package = components['schemas']['Package'];
export type Parameter = components['schemas']['Parameter'];
export type Problem = components['schemas']['Problem'];
export type ProfileOffer = components['schemas']['ProfileOffer'];
export type PruneRequest = components['schemas']['PruneRequest'];
export type Range = components['schemas']['Range'];
export type RestoreRequest = components['schemas']['RestoreRequest'];
export type Restored = components['schemas']['Restored'];
export type RetryRequest = components['schemas']['RetryRequest'];
export type ScaleRequest = components['schemas']['ScaleRequest'];
export type Sighting = components['schemas']['Sighting'];
export type Snapshot = components['schemas']['Snapshot'];
export type SnapshotDetails = components['schemas']['SnapshotDetails'];
export type SnapshotDiff = components['schemas']['SnapshotDiff'];
export type SnapshotFile = components['schemas']['SnapshotFile'];
export type SnapshotList = components['schemas']['SnapshotList'];
export type SnapshotRequest = components['schemas']['SnapshotRequest'];
export type SnapshotUse = components['schemas']['SnapshotUse'];
export type Status = components['schemas']['Status'];
export type Sweep = components['schemas']['Sweep'];
export type SweepList = components['schemas']['SweepList'];
export type SweepPlan = components['schemas']['SweepPlan'];
export type SweepRequest = components['schemas']['SweepRequest'];
export type Trial = components['schemas']['Trial'];
export type TrialLog = components['schemas']['TrialLog'];
export type TrialNotebook = components['schemas']['TrialNotebook'];
export type TrialPage = components['schemas']['TrialPage'];
export type VerificationResult = components['schemas']['VerificationResult'];

/** What each verb of the server takes and gives. */
export type Operations = {
  /** What will, or may, go wrong when the notebook runs from top to bottom. Runs nothing of it. */
  checkNotebook: {
    arguments: { path?: string | number; kernel?: string | number };
    body: undefined;
    answer: CheckReport;
  };
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
  /** How two snapshots differ. */
  diffSnapshots: {
    arguments: { digest: string | number; other: string | number };
    body: undefined;
    answer: SnapshotDiff;
  };
  /** What is found, what is missing, and what to do. */
  doctor: {
    arguments: Record<string, never>;
    body: undefined;
    answer: Diagnosis;
  };
  /** One environment as it is on this machine: absent, being built, ready, or failed and why. */
  getEnvironment: {
    arguments: { digest: string | number };
    body: undefined;
    answer: EnvironmentState;
  };
  /** One snapshot by its digest, or the first twelve or more characters of it, and what used it. */
  getSnapshot: {
    arguments: { digest: string | number };
    body: undefined;
    answer: SnapshotDetails;
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
  /** A notebook's parameters and suggestions for its sweep; as it is now, or as a snapshot keeps it. */
  inspectNotebook: {
    arguments: { path?: string | number; snapshot?: string | number };
    body: undefined;
    answer: NotebookInfo;
  };
  /** Environments that were rebuilt on this machine. */
  listEnvironments: {
    arguments: Record<string, never>;
    body: undefined;
    answer: EnvironmentList;
  };
  /** The newest snapshots, of one notebook or of all. */
  listSnapshots: {
    arguments: { notebook?: string | number; limit?: string | number };
    body: undefined;
    answer: SnapshotList;
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
  /** Whether a notebook, as it is on disk, is kept as a snapshot. */
  notebookState: {
    arguments: { path?: string | number };
    body: undefined;
    answer: NotebookState;
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
  /** Free the room that rebuilt environments take. They can be rebuilt from their snapshots. */
  pruneEnvironments: {
    arguments: Record<string, never>;
    body: PruneRequest;
    answer: EnvironmentList;
  };
  /** Lay a snapshot's files out and begin to rebuild its environment, which is asked for by its digest. */
  restoreSnapshot: {
    arguments: { digest: string | number };
    body: RestoreRequest;
    answer: Restored;
  };
  /** Go on with a paused or lost sweep. */
  resumeSweep: {
    arguments: { sweep: string | number };
    body: undefined;
    answer: Sweep;
  };
  /** Run failed trials again, as a sweep of their own: same snapshot, same parameters. */
  retryTrials: {
    arguments: { sweep: string | number };
    body: RetryRequest;
    answer: Sweep;
  };
  /** Run so many trials, or pods, at once from now on. */
  scaleSweep: {
    arguments: { sweep: string | number };
    body: ScaleRequest;
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
  /** The request that orders the same sweep of the same snapshot again. */
  sweepRequest: {
    arguments: { sweep: string | number };
    body: undefined;
    answer: SweepRequest;
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
  /** What a verification found, with the differences. */
  verificationResult: {
    arguments: { sweep: string | number };
    body: undefined;
    answer: VerificationResult;
  };
  /** Run a snapshot clean and compare what it says: a sweep of its own, whose verdict is the answer. */
  verifySnapshot: {
    arguments: { digest: string | number };
    body: undefined;
    answer: Sweep;
  };
};

/** Where each verb lives, below `/mlops/`. */
export const ROUTES: {
  readonly [name in keyof Operations]: {
    readonly method: 'GET' | 'POST';
    readonly path: string;
  };
} = {
  checkNotebook: { method: 'GET', path: 'notebook/check' },
  createSnapshot: { method: 'POST', path: 'snapshots' },
  createSweep: { method: 'POST', path: 'sweeps' },
  diffSnapshots: { method: 'GET', path: 'snapshots/{digest}/diff/{other}' },
  doctor: { method: 'GET', path: 'doctor' },
  getEnvironment: { method: 'GET', path: 'environments/{digest}' },
  getSnapshot: { method: 'GET', path: 'snapshots/{digest}' },
  getSweep: { method: 'GET', path: 'sweeps/{sweep}' },
  getTrial: { method: 'GET', path: 'sweeps/{sweep}/trials/{index}' },
  inspectNotebook: { method: 'GET', path: 'notebook' },
  listEnvironments: { method: 'GET', path: 'environments' },
  listSnapshots: { method: 'GET', path: 'snapshots' },
  listSweeps: { method: 'GET', path: 'sweeps' },
  listTrials: { method: 'GET', path: 'sweeps/{sweep}/trials' },
  notebookState: { method: 'GET', path: 'notebook/state' },
  pauseSweep: { method: 'POST', path: 'sweeps/{sweep}/pause' },
  planSweep: { method: 'POST', path: 'sweeps/plan' },
  pruneEnvironments: { method: 'POST', path: 'environments/prune' },
  restoreSnapshot: { method: 'POST', path: 'snapshots/{digest}/restore' },
  resumeSweep: { method: 'POST', path: 'sweeps/{sweep}/resume' },
  retryTrials: { method: 'POST', path: 'sweeps/{sweep}/retry' },
  scaleSweep: { method: 'POST', path: 'sweeps/{sweep}/scale' },
  status: { method: 'GET', path: 'status' },
  stopSweep: { method: 'POST', path: 'sweeps/{sweep}/stop' },
  stopTrial: { method: 'POST', path: 'sweeps/{sweep}/trials/{index}/stop' },
  sweepRequest: { method: 'GET', path: 'sweeps/{sweep}/request' },
  trialLog: { method: 'GET', path: 'sweeps/{sweep}/trials/{index}/log' },
  trialNotebook: {
    method: 'GET',
    path: 'sweeps/{sweep}/trials/{index}/notebook'
  },
  verificationResult: { method: 'GET', path: 'verifications/{sweep}' },
  verifySnapshot: { method: 'POST', path: 'snapshots/{digest}/verify' }
};
