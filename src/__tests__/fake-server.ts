import { ServerConnection } from '@jupyterlab/services';

import type {
  ErrorBody,
  ExecutorOffer,
  Status,
  Sweep,
  Trial,
  TrialPage
} from '../api';

/** A sweep as the server tells of it, running with nothing done yet. */
export function aSweep(change: Partial<Sweep> = {}): Sweep {
  return {
    id: 's1',
    name: 'digits',
    notebook: 'digits.ipynb',
    state: 'running',
    reason: '',
    total: 10,
    counts: { queued: 10 },
    best: null,
    objective: 'accuracy',
    direction: 'maximize',
    algorithm: 'grid',
    seed: 1,
    kernel: 'python3',
    parallelism: 2,
    parameters: {},
    experiment: 'digits',
    experiment_id: '1',
    snapshot: '',
    user: 'ada',
    executor: 'local',
    profile: '',
    started: 1_000,
    ended: null,
    seconds_left: null,
    purpose: 'sweep',
    verdict: null,
    ...change
  };
}

export function aTrial(index: number, change: Partial<Trial> = {}): Trial {
  return {
    index,
    state: 'succeeded',
    parameters: { C: index },
    objective: index / 10,
    reason: '',
    failure: null,
    cells_done: 5,
    cells_total: 5,
    attempt: 1,
    started: 1_000,
    ended: 2_000,
    run_id: `r${index}`,
    has_notebook: true,
    ...change
  };
}

/** This machine, as the server offers it. */
export const LOCAL: ExecutorOffer = {
  name: 'local',
  parallelism: 2,
  profiles: [],
  problem: ''
};

/** A cluster with two compute profiles. */
export const KUBERNETES: ExecutorOffer = {
  name: 'kubernetes',
  parallelism: 10,
  profiles: [
    {
      name: 'small',
      title: 'Small',
      description: '',
      resources: '1 CPU, 2Gi',
      parallelism: 10,
      max_parallelism: null,
      trials_per_pod: 1,
      queue: ''
    },
    {
      name: 'gpu-small',
      title: 'GPU small',
      description: 'For networks of some million weights.',
      resources: '4 CPU, 16Gi, 1 nvidia.com/gpu',
      parallelism: 4,
      max_parallelism: 8,
      trials_per_pod: 5,
      queue: 'team-a'
    }
  ],
  problem: ''
};

export const A_STATUS: Status = {
  version: '0.1.0',
  tracking: 'sqlite:///mlflow.db',
  embedded: true,
  online: true,
  message: '',
  mlflow_ui: 'mlops/mlflow/',
  max_trials: 10_000,
  executors: [LOCAL]
};

/** Answers as the real server does, from what a test has put into it. */
export class Server {
  status: Status = { ...A_STATUS };
  sweeps: Sweep[] = [];
  /** Method and path of each request, without the query. */
  readonly asked: string[] = [];
  /** What other routes answer: by method and path. */
  readonly routes = new Map<
    string,
    (body: unknown, query?: URLSearchParams) => unknown
  >();

  readonly settings = ServerConnection.makeSettings({
    baseUrl: 'http://localhost/',
    fetch: request => this.fetch(request as Request)
  });

  /** Trials change, in this order. */
  change(sweep: string, trials: Trial[]): void {
    const changes = this._changes.get(sweep) ?? [];
    changes.push(...trials);
    this._changes.set(sweep, changes);
  }

  /** Another process now: its revisions are others, and what was forgotten is gone. */
  restart(forget = false): void {
    this._process++;
    if (forget) {
      this._changes.clear();
    }
  }

  count(route: string): number {
    return this.asked.filter(asked => asked === route).length;
  }

  protected async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const route = `${request.method} ${pathname.replace('/mlops/', '')}`;
    this.asked.push(route);
    const given = this.routes.get(route);
    if (given) {
      const text = await request.text();
      return answer(
        await given(text ? JSON.parse(text) : undefined, searchParams)
      );
    }
    const [, id, part] =
      /^GET sweeps(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(route) ?? [];
    if (route === 'GET status') {
      return answer(this.status);
    }
    if (route === 'GET sweeps') {
      return answer({ sweeps: this.sweeps });
    }
    if (part === 'trials') {
      return answer(this._page(id, searchParams));
    }
    const sweep = this.sweeps.find(known => known.id === id);
    return sweep ? answer(sweep) : refusal('NotFound', `No sweep ${id}.`, 404);
  }

  private _page(sweep: string, query: URLSearchParams): TrialPage {
    const changes = this._changes.get(sweep) ?? [];
    const [process, place] = (query.get('since') ?? '').split('-');
    const reset = process !== String(this._process);
    const from = reset ? 0 : Number(place);
    const to = Math.min(from + Number(query.get('limit')), changes.length);
    return {
      rev: `${this._process}-${to}`,
      reset,
      more: to < changes.length,
      total: changes.length,
      trials: changes.slice(from, to)
    };
  }

  private _changes = new Map<string, Trial[]>();
  private _process = 1;
}

/** Answers until it goes away: then nobody is at the other end. */
export class ServerThatGoesAway extends Server {
  gone = false;

  protected async fetch(request: Request): Promise<Response> {
    if (this.gone) {
      this.asked.push('nobody');
      throw new TypeError('Failed to fetch');
    }
    return super.fetch(request);
  }
}

/** Takes a question and never answers it. */
export class ServerThatHangs extends Server {
  protected fetch(request: Request): Promise<Response> {
    return new Promise((_, reject) => {
      const aborted = new DOMException('Aborted', 'AbortError');
      request.signal.addEventListener('abort', () => reject(aborted));
    });
  }
}

/** Answers every question with the same thing that nobody asked for. */
export class ServerThatAnswersOnly extends Server {
  constructor(
    private readonly _status: number,
    private readonly _body: string
  ) {
    super();
  }

  protected async fetch(): Promise<Response> {
    return new Response(this._body, { status: this._status });
  }
}

export function answer(body: unknown, status = 200): Response {
  return body instanceof Response
    ? body
    : new Response(JSON.stringify(body), { status });
}

export function refusal(
  kind: string,
  message: string,
  status: number,
  problems: ErrorBody['problems'] = []
): Response {
  return answer({ kind, message, problems }, status);
}
