import type { Sweep, Trial } from '../api';
import { exactValue } from './format';

/** Which rows of the table are shown, and in what order. Compared by identity: make a new one to change it. */
export interface IView {
  /** Words that must all be found in a trial's parameters, state or reason. */
  readonly text: string;
  /** Only trials in these states; empty for all. */
  readonly states: ReadonlySet<Trial['state']>;
  readonly sort: ISort;
}

export interface ISort {
  /** A column's id. */
  readonly column: string;
  readonly descending: boolean;
}

/** The rows as they stand, and what a new sort would change. */
export interface IArrangement {
  /** Indexes of trials, top to bottom. */
  readonly rows: ReadonlyArray<number>;
  /** Trials that have ended since the rows were last sorted and would stand elsewhere. */
  readonly waiting: number;
  /** Whether any row would stand elsewhere. */
  readonly stale: boolean;
  readonly view: IView;
  /** The trials by which the rows were sorted. */
  readonly settled: ReadonlyMap<number, Trial>;
}

const PARAMETER = 'parameter:';

/** Id of the column of a parameter; parameters may be called "state". */
export function parameterColumn(name: string): string {
  return PARAMETER + name;
}

/** Where something ranks nothing, what may still change comes first, and what has not begun last. */
const STATE_RANK: Readonly<Record<Trial['state'], number>> = {
  running: 0,
  lost: 1,
  preempted: 2,
  failed: 3,
  pruned: 4,
  succeeded: 5,
  cancelled: 6,
  queued: 7
};

/** Best first; without an objective in the order of the search space. */
export function defaultSort(
  sweep: Pick<Sweep, 'direction' | 'objective'>
): ISort {
  return sweep.objective
    ? { column: 'objective', descending: sweep.direction === 'maximize' }
    : { column: 'index', descending: false };
}

/** What a press on a column's head sorts by: first the way that is asked for most, then the other way round. */
export function nextSort(
  column: string,
  now: ISort,
  sweep: Pick<Sweep, 'direction' | 'objective'>
): ISort {
  const descending =
    now.column === column
      ? !now.descending
      : column === 'objective' && sweep.direction === 'maximize';
  return { column, descending };
}

/**
 * The rows for these trials and this view.
 *
 * Rows never jump under the pointer: while `reading`, those that stand keep their places, new ones come below them,
 * and the answer says what a new sort would bring. Gives `before` itself when nothing has changed.
 */
export function arrange(
  before: IArrangement | null,
  trials: ReadonlyMap<number, Trial>,
  view: IView,
  reading: boolean
): IArrangement {
  if (!before || before.view !== view || trials.size < before.settled.size) {
    return settle(trials, view);
  }
  const found = compareTo(before, trials);
  if (!reading) {
    return found.stale ? settle(trials, view) : before;
  }
  const { waiting, stale } = found;
  const standing = found.added.length > 0 ? new Set(before.rows) : null;
  const added = found.added.filter(index => !standing?.has(index));
  if (
    added.length === 0 &&
    waiting === before.waiting &&
    stale === before.stale
  ) {
    return before;
  }
  const rows = added.length > 0 ? [...before.rows, ...added] : before.rows;
  return { ...before, rows, waiting, stale };
}

/** Filter and sort now. */
export function settle(
  trials: ReadonlyMap<number, Trial>,
  view: IView
): IArrangement {
  const matches = matcher(view);
  const shown = [...trials.values()].filter(matches);
  const rows = sorted(shown, view.sort);
  return { rows, waiting: 0, stale: false, view, settled: new Map(trials) };
}

function compareTo(
  before: IArrangement,
  trials: ReadonlyMap<number, Trial>
): { added: number[]; waiting: number; stale: boolean } {
  const matches = matcher(before.view);
  const key = keyOf(before.view.sort.column);
  const added: number[] = [];
  let waiting = 0;
  let stale = false;
  for (const [index, trial] of trials) {
    const old = before.settled.get(index);
    if (old === trial) {
      continue;
    }
    const matched = old !== undefined && matches(old);
    const fits = matches(trial);
    if (fits && !matched) {
      added.push(index);
    }
    if (fits !== matched || (fits && hasMoved(old, trial, key))) {
      stale = true;
      waiting += hasEnded(trial) && !(old && hasEnded(old)) ? 1 : 0;
    }
  }
  return { added, waiting, stale };
}

function hasMoved(old: Trial | undefined, now: Trial, key: Key): boolean {
  if (!old) {
    return true;
  }
  const [a, b] = [key(old), key(now)];
  return (
    a !== b || (isMissing(b) && STATE_RANK[old.state] !== STATE_RANK[now.state])
  );
}

function hasEnded(trial: Trial): boolean {
  const { state } = trial;
  return (
    state === 'succeeded' ||
    state === 'failed' ||
    state === 'pruned' ||
    state === 'cancelled'
  );
}

type Key = (trial: Trial) => number | string | null;

function isMissing(key: number | string | null): boolean {
  return key === null || Number.isNaN(key);
}

/** What a column sorts by; null, which comes last either way, where there is nothing to compare. */
function keyOf(column: string): Key {
  switch (column) {
    case 'index':
      return trial => trial.index;
    case 'state':
      return trial => STATE_RANK[trial.state];
    case 'objective':
      return trial => trial.objective;
    case 'progress':
      return trial =>
        trial.cells_total > 0 ? trial.cells_done / trial.cells_total : null;
    case 'duration':
      // What still runs gets longer all the time: it has no place yet.
      return trial =>
        trial.started !== null && trial.ended !== null
          ? trial.ended - trial.started
          : null;
  }
  const name = column.slice(PARAMETER.length);
  return trial => {
    const value = trial.parameters[name];
    return value === undefined || value === null
      ? null
      : typeof value === 'number'
        ? value
        : exactValue(value);
  };
}

/** All keys are turned into numbers first, so that comparing two rows is two look-ups. */
function sorted(trials: Trial[], { column, descending }: ISort): number[] {
  const keys = trials.map(keyOf(column));
  const ranks = rankTexts(keys);
  const sign = descending ? -1 : 1;
  const places = new Float64Array(trials.length);
  keys.forEach((key, i) => {
    const place = typeof key === 'string' ? ranks.get(key)! : (key ?? NaN);
    places[i] = place * sign;
  });
  const missing = trials.map(trial => STATE_RANK[trial.state]);
  const order = Uint32Array.from(keys, (_, i) => i);
  order.sort((a, b) => {
    const [x, y] = [places[a], places[b]];
    if (x < y || x > y) {
      return x < y ? -1 : 1;
    }
    const [noX, noY] = [Number.isNaN(x), Number.isNaN(y)];
    if (noX !== noY) {
      return noX ? 1 : -1;
    }
    return (
      (noX ? missing[a] - missing[b] : 0) || trials[a].index - trials[b].index
    );
  });
  return Array.from(order, i => trials[i].index);
}

/** More different texts than this are compared by their characters: a language's own order takes too long. */
const MANY_TEXTS = 1_000;

/** Places of texts, after all numbers. */
function rankTexts(
  keys: ReadonlyArray<number | string | null>
): Map<string, number> {
  const texts = new Set<string>();
  let highest = 0;
  for (const key of keys) {
    if (typeof key === 'string') {
      texts.add(key);
    } else if (key !== null && key > highest) {
      highest = key;
    }
  }
  const first = Number.isFinite(highest) ? highest + 1 : Number.MAX_VALUE;
  const ordered =
    texts.size > MANY_TEXTS
      ? [...texts].sort()
      : [...texts].sort(
          new Intl.Collator(undefined, { numeric: true }).compare
        );
  return new Map(ordered.map((text, i) => [text, first + i]));
}

function matcher({ text, states }: IView): (trial: Trial) => boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 && states.size === 0) {
    return () => true;
  }
  return trial => {
    if (states.size > 0 && !states.has(trial.state)) {
      return false;
    }
    const all = searchable(trial);
    return words.every(word => all.includes(word));
  };
}

/** A trial never changes, a newer one takes its place: its text is made once. */
const TEXTS = new WeakMap<Trial, string>();

function searchable(trial: Trial): string {
  let text = TEXTS.get(trial);
  if (text === undefined) {
    const values = Object.entries(trial.parameters).map(
      ([name, value]) => `${name}=${exactValue(value)}`
    );
    text = [`#${trial.index}`, trial.state, trial.reason, ...values]
      .join('\n')
      .toLowerCase();
    TEXTS.set(trial, text);
  }
  return text;
}
