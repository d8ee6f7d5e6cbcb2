import type { Trial } from '../api';
import {
  arrange,
  defaultSort,
  type ISort,
  type IView,
  nextSort,
  parameterColumn,
  settle
} from '../sweep/table-order';
import { aTrial } from './fake-server';

function trial(index: number, more: Partial<Trial> = {}): Trial {
  const begun = { objective: null, parameters: {}, started: null, ended: null };
  return aTrial(index, { ...begun, ...more });
}

function map(...trials: Trial[]): Map<number, Trial> {
  return new Map(trials.map(each => [each.index, each]));
}

const BEST: ISort = { column: 'objective', descending: true };

function view(sort: ISort = BEST, text = '', states: Trial['state'][] = []) {
  return { sort, text, states: new Set(states) } as IView;
}

const MIXED = map(
  trial(0, { state: 'queued' }),
  trial(1, { objective: 0.5, parameters: { C: 10, penalty: 'l2' } }),
  trial(2, { state: 'failed', reason: 'NameError in cell 5' }),
  trial(3, { objective: 0.9, parameters: { C: 2, penalty: 'l1' } }),
  trial(4, { state: 'running', parameters: { C: 'auto', penalty: 'l1' } }),
  trial(5, { objective: 0.5, parameters: { C: 0.1, penalty: 'l2' } })
);

describe('sorting', () => {
  test.each<[string, ISort, number[]]>([
    [
      'best first, then what runs, what failed, what waits',
      BEST,
      [3, 1, 5, 4, 2, 0]
    ],
    [
      'least first when it is to be small, and the rest still last',
      { column: 'objective', descending: false },
      [1, 5, 3, 4, 2, 0]
    ],
    ['by number', { column: 'index', descending: true }, [5, 4, 3, 2, 1, 0]],
    ['by state', { column: 'state', descending: false }, [4, 2, 1, 3, 5, 0]],
    [
      'by a parameter: numbers, then texts, then what has none',
      { column: parameterColumn('C'), descending: false },
      [5, 3, 1, 4, 2, 0]
    ],
    [
      'by a text parameter',
      { column: parameterColumn('penalty'), descending: false },
      [3, 4, 1, 5, 2, 0]
    ]
  ])('%s', (_, sort, rows) => {
    expect(settle(MIXED, view(sort)).rows).toEqual(rows);
  });

  test('texts with numbers in them stand as people count', () => {
    const trials = map(
      trial(0, { parameters: { m: 'net10' } }),
      trial(1, { parameters: { m: 'net9' } })
    );
    const sort = { column: parameterColumn('m'), descending: false };
    expect(settle(trials, view(sort)).rows).toEqual([1, 0]);
  });

  test('a running trial has no duration yet', () => {
    const trials = map(
      trial(0, { state: 'running', started: 1 }),
      trial(1, { started: 1, ended: 10 }),
      trial(2, { started: 1, ended: 5 })
    );
    const sort = { column: 'duration', descending: true };
    expect(settle(trials, view(sort)).rows).toEqual([1, 2, 0]);
  });

  test('10,000 rows are all there, in order', () => {
    const trials = map(
      ...Array.from({ length: 10_000 }, (_, i) =>
        trial(i, { objective: ((i * 7919) % 10_000) / 10_000 })
      )
    );
    const { rows } = settle(
      trials,
      view({ column: 'objective', descending: true })
    );
    const values = rows.map(index => trials.get(index)!.objective);
    expect(values).toEqual([...values].sort((a, b) => b! - a!));
    expect(new Set(rows).size).toBe(10_000);
  });

  test('the default and what a press on a head does', () => {
    const sweep = { objective: 'loss', direction: 'minimize' } as const;
    const other = { objective: 'accuracy', direction: 'maximize' } as const;
    const least = { column: 'objective', descending: false };
    expect(defaultSort(sweep)).toEqual(least);
    expect(defaultSort(other)).toEqual(BEST);
    expect(defaultSort({ ...sweep, objective: null }).column).toBe('index');
    expect(nextSort('objective', least, sweep).descending).toBe(true);
    expect(
      nextSort('objective', nextSort('index', BEST, other), other)
    ).toEqual(BEST);
    expect(nextSort('index', BEST, other).descending).toBe(false);
  });
});

describe('filtering', () => {
  test.each<[string, Trial['state'][], number[]]>([
    ['', [], [3, 1, 5, 4, 2, 0]],
    ['nameerror', [], [2]],
    ['penalty=l1', [], [3, 4]],
    ['penalty=l1 running', [], [4]],
    ['#5', [], [5]],
    ['', ['failed', 'queued'], [2, 0]],
    ['nothing like this', [], []],
    ['(.*', [], []]
  ])('%p in %p', (text, states, rows) => {
    expect(settle(MIXED, view(BEST, text, states)).rows).toEqual(rows);
  });
});

describe('live', () => {
  const first = view();
  const start = map(
    trial(0, { objective: 0.5 }),
    trial(1, { state: 'running' }),
    trial(2, { state: 'queued' })
  );

  function changed(...trials: Trial[]): Map<number, Trial> {
    return new Map([...start, ...map(...trials)]);
  }

  test('nothing relevant has changed: the same arrangement, no sort', () => {
    const before = arrange(null, start, first, false);
    const progress = changed(trial(1, { state: 'running', cells_done: 3 }));
    expect(arrange(before, progress, first, false)).toBe(before);
    expect(arrange(before, progress, first, true)).toBe(before);
  });

  test('nobody reads: a result finds its place at once', () => {
    const before = arrange(null, start, first, false);
    const now = arrange(
      before,
      changed(trial(1, { objective: 0.9 })),
      first,
      false
    );
    expect(now.rows).toEqual([1, 0, 2]);
    expect(now.waiting).toBe(0);
  });

  test('somebody reads: rows stay, results gather, new rows come below', () => {
    const before = arrange(null, start, first, false);
    const news = changed(
      trial(1, { objective: 0.9 }),
      trial(2, { state: 'running' }),
      trial(3, { objective: 0.7 })
    );
    const frozen = arrange(before, news, first, true);
    expect(frozen.rows).toEqual([0, 1, 2, 3]);
    expect(frozen.waiting).toBe(2);
    expect(arrange(frozen, news, first, true)).toBe(frozen);

    const more = new Map(news).set(4, trial(4, { objective: 0.8 }));
    const later = arrange(frozen, more, first, true);
    expect(later.rows).toEqual([0, 1, 2, 3, 4]);
    expect(later.waiting).toBe(3);

    expect(arrange(later, more, first, false).rows).toEqual([1, 4, 3, 0, 2]);
    expect(settle(more, first).waiting).toBe(0);
  });

  test('a row that no longer passes the filter stays until the reader has gone', () => {
    const running = view(BEST, '', ['running']);
    const before = arrange(null, start, running, false);
    const news = changed(trial(1, { objective: 0.9 }));
    const frozen = arrange(before, news, running, true);
    expect(frozen.rows).toEqual([1]);
    expect(frozen.stale).toBe(true);
    expect(arrange(frozen, news, running, false).rows).toEqual([]);
  });

  test('a new filter is applied at once, reader or not', () => {
    const before = arrange(null, start, first, false);
    const failed = view(BEST, '', ['queued']);
    expect(arrange(before, start, failed, true).rows).toEqual([2]);
  });

  test('trials that a restarted server no longer has are gone', () => {
    const before = arrange(null, start, first, false);
    expect(arrange(before, map(trial(7)), first, true).rows).toEqual([7]);
  });
});
