import type {
  CheckFinding,
  CheckReport,
  EnvironmentState,
  NotebookState,
  Snapshot,
  SnapshotDetails,
  SnapshotDiff,
  SnapshotUse
} from '../api';

export const DIGEST = 'a1b2c3d4e5f6a7b8';
export const OLDER = '0f0f0f0f0f0f0f0f';

export function aSnapshot(change: Partial<Snapshot> = {}): Snapshot {
  return {
    digest: DIGEST,
    run_id: 'r1',
    created: 5_000,
    new: false,
    manifest: {
      notebook: 'x',
      name: 'digits.ipynb',
      folder: '',
      kernel: 'python3',
      language: 'python',
      files: [{ path: 'helper.py', size: 1_200, sha256: 'y' }],
      environment: {
        python: '3.12.4',
        implementation: 'cpython',
        platform: 'linux-x86_64',
        conda: [],
        packages: [
          // What is the default, the server leaves out.
          { name: 'numpy', version: '2.1.0' } as never,
          {
            name: 'ours',
            version: '0.1',
            kind: 'wheel',
            url: '',
            content: 'z'
          },
          {
            name: 'theirs',
            version: '3',
            kind: 'vcs',
            url: 'git+https://example.org/theirs@abc',
            content: ''
          }
        ]
      },
      datasets: [],
      version: 2
    },
    sighting: {
      notebook: 'work/digits.ipynb',
      folder: '/home/ada',
      user: 'ada',
      taken: 5_000,
      include: [],
      git: {
        commit: '1234567890abcdef',
        branch: 'main',
        dirty: true,
        remote: 'https://example.org/work.git'
      },
      has_diff: true,
      indexes: [],
      notes: ['The password in the remote was left out.']
    },
    ...change
  };
}

export function aUse(change: Partial<SnapshotUse> = {}): SnapshotUse {
  return {
    kind: 'sweep',
    id: 's1',
    name: 'digits',
    state: 'succeeded',
    reason: '',
    verdict: null,
    started: 1_000,
    ended: 2_000,
    ...change
  };
}

export function aDetails(
  change: Partial<SnapshotDetails> = {}
): SnapshotDetails {
  return {
    snapshot: aSnapshot(),
    cells: 7,
    parameters: ['C', 'penalty'],
    uses: [],
    environment: null,
    ...change
  };
}

export function anEnvironment(
  change: Partial<EnvironmentState> = {}
): EnvironmentState {
  return {
    digest: 'e1',
    status: 'building',
    message: 'Installing 3 of 40 packages',
    kernel: '',
    folder: '',
    python: '3.12.4',
    packages: 40,
    size: 0,
    used: 0,
    ...change
  };
}

export function aState(change: Partial<NotebookState> = {}): NotebookState {
  return {
    kept: true,
    digest: DIGEST,
    last: aSnapshot(),
    changed: [],
    ...change
  };
}

export function aDiff(change: Partial<SnapshotDiff> = {}): SnapshotDiff {
  return {
    left: aSnapshot({ digest: OLDER, created: 1_000 }),
    right: aSnapshot(),
    cells: [],
    notebook: [],
    environment: [],
    packages: [],
    files: [],
    git: [],
    datasets: [],
    ...change
  };
}

export function aFinding(change: Partial<CheckFinding> = {}): CheckFinding {
  return {
    level: 'error',
    rule: 'undefined-name',
    message: 'clf is not defined.',
    fix: 'Define clf in an earlier cell.',
    cell: 3,
    line: 2,
    ...change
  };
}

export function aReport(change: Partial<CheckReport> = {}): CheckReport {
  return {
    notebook: 'work/train.ipynb',
    kernel: 'python3',
    findings: [],
    unknown: [],
    cells: 5,
    ...change
  };
}
