import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import { ROUTES, type ErrorBody, type Operations, type Problem } from './api';

/** How long an answer may take: longer than any verb needs, shorter than a person waits. */
export const TIMEOUT_MS = 30_000;

/** These may have to build a package of the person's own before they can answer. */
const SLOW_TIMEOUT_MS = 180_000;
const SLOW: ReadonlySet<keyof Operations> = new Set([
  'createSnapshot',
  'createSweep',
  'restoreSnapshot',
  'verifySnapshot'
] as const);

/** An answer that is not the one asked for, in words for a person, with what is wrong with each field. */
export class RequestError extends Error {
  constructor(body: ErrorBody, status = 0) {
    super(body.message);
    this.name = 'RequestError';
    this.kind = body.kind;
    this.problems = body.problems;
    this.status = status;
  }

  /** The server's class of error (`NotFound`, `Invalid` …), or `Network` and `Timeout` for what never got there. */
  readonly kind: string;
  readonly problems: ReadonlyArray<Problem>;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
}

/** The words of anything thrown, for a line or a notification. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Asks the server for one of its verbs. */
export class Requests {
  constructor(
    private readonly _settings: ServerConnection.ISettings,
    private readonly _trans: TranslationBundle
  ) {}

  /**
   * @throws RequestError when there is no answer, or one that says why not.
   */
  async ask<O extends keyof Operations>(
    operation: O,
    given: Operations[O]['arguments'],
    body?: Operations[O]['body']
  ): Promise<Operations[O]['answer']> {
    const { method } = ROUTES[operation];
    const abort = new AbortController();
    const timeout = SLOW.has(operation) ? SLOW_TIMEOUT_MS : TIMEOUT_MS;
    const timer = setTimeout(() => abort.abort(), timeout);
    try {
      const response = await ServerConnection.makeRequest(
        addressOf(this._settings.baseUrl, operation, given),
        {
          method,
          signal: abort.signal,
          ...(body === undefined ? {} : { body: JSON.stringify(body) })
        },
        this._settings
      );
      const text = await response.text();
      if (!response.ok) {
        throw this._refusal(response, text);
      }
      return JSON.parse(text);
    } catch (error) {
      throw error instanceof RequestError
        ? error
        : this._silence(error, method, abort.signal.aborted ? timeout : null);
    } finally {
      clearTimeout(timer);
    }
  }

  private _refusal(response: Response, text: string): RequestError {
    let body: Partial<ErrorBody> | null = null;
    try {
      body = JSON.parse(text);
    } catch {
      // A proxy's page of HTML, or nothing: the status has to do.
    }
    const kind = body?.kind ?? 'Http';
    // Only our own server gives a kind; what others say about us is not in words a person can act on.
    const message =
      (body?.kind && body.message) || this._words(response, body?.message);
    return new RequestError(
      { message, kind, problems: body?.problems ?? [] },
      response.status
    );
  }

  private _words(response: Response, said?: string): string {
    const trans = this._trans;
    const { status } = response;
    if (status === 401 || status === 403) {
      return trans.__(
        'Jupyter refuses: you are logged out, or may not do this. Reload the page to log in.'
      );
    }
    if (status === 404) {
      return trans.__(
        'The server has no jupyter_mlops. Install it where Jupyter runs, check `jupyter server extension list`, and restart Jupyter.'
      );
    }
    return trans.__(
      'The server answered with error %1. Its log says more. %2',
      status,
      said ?? response.statusText
    );
  }

  private _silence(
    error: unknown,
    method: string,
    waitedMs: number | null
  ): RequestError {
    const trans = this._trans;
    if (error instanceof SyntaxError) {
      const message = trans.__(
        'The server sent something that is not JSON. A proxy may stand in between, or you are logged out: reload the page.'
      );
      return new RequestError({ message, kind: 'Network', problems: [] });
    }
    if (waitedMs === null) {
      const message = trans.__(
        'Jupyter does not answer. Check your network and that Jupyter runs; sweeps go on without it.'
      );
      return new RequestError({ message, kind: 'Network', problems: [] });
    }
    const waited = trans.__('No answer within %1 seconds.', waitedMs / 1000);
    // Whoever asked for a change cannot know whether it came about, and should look before asking again.
    const next =
      method === 'GET'
        ? trans.__('The server is busy; try again.')
        : trans.__('It may still happen: look at Runs before you try again.');
    return new RequestError({
      message: `${waited} ${next}`,
      kind: 'Timeout',
      problems: []
    });
  }
}

function addressOf(
  baseUrl: string,
  operation: keyof Operations,
  given: Readonly<Record<string, string | number | undefined>>
): string {
  const query = new URLSearchParams();
  let path = ROUTES[operation].path;
  for (const [name, value] of Object.entries(given)) {
    const place = `{${name}}`;
    if (value === undefined) {
      continue;
    } else if (path.includes(place)) {
      path = path.replace(place, () => encodeURIComponent(value));
    } else {
      query.set(name, String(value));
    }
  }
  const search = query.toString();
  return URLExt.join(baseUrl, 'mlops', path) + (search ? `?${search}` : '');
}
