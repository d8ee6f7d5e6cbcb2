import type { TranslationBundle } from '@jupyterlab/translation';
import React, {
  useCallback,
  useLayoutEffect,
  useMemo,
  useRef,
  useState
} from 'react';

import type { Sweep, Trial } from '../api';
import { TrialsTable } from './table';
import { type ColumnChoices, columnsOf, shownColumns } from './table-columns';
import {
  arrange,
  defaultSort,
  type IArrangement,
  type IView,
  nextSort,
  settle
} from './table-order';
import type { ITrialActions } from './table-row';
import { TableToolbar, Waiting } from './table-toolbar';

export interface ITrialsViewProps {
  sweep: Sweep;
  trials: ReadonlyMap<number, Trial>;
  revision: number;
  loading: boolean;
  choices: ColumnChoices;
  selected: number | null;
  actions: ITrialActions;
  trans: TranslationBundle;
  onChoices: (choices: ColumnChoices) => void;
  onSelect: (index: number) => void;
}

/** The trials of a sweep: toolbar and table, and which rows are in it. */
export function TrialsView(props: ITrialsViewProps): JSX.Element {
  const { sweep, trials, revision, loading, choices, trans } = props;
  const [view, setView] = useState<IView>(() => ({
    text: '',
    states: new Set(),
    sort: defaultSort(sweep)
  }));
  const [reading, setReading] = useState(false);
  // While the first answer comes in page by page, nobody has read anything yet.
  const { arrangement, settleNow } = useArrangement(
    trials,
    revision,
    view,
    reading && !loading
  );
  const columns = useColumns(sweep, trans);
  const shown = useMemo(
    () => shownColumns(columns, choices),
    [columns, choices]
  );
  return (
    <section className="jp-mlops-TrialsView" aria-label={trans.__('Trials')}>
      <TableToolbar
        text={view.text}
        states={view.states}
        counts={sweep.counts}
        shown={arrangement.rows.length}
        total={trials.size}
        columns={columns}
        choices={choices}
        trans={trans}
        onText={text => setView({ ...view, text })}
        onStates={states => setView({ ...view, states })}
        onChoices={props.onChoices}
      />
      <TrialsTable
        rows={arrangement.rows}
        trials={trials}
        revision={revision}
        columns={shown}
        sort={view.sort}
        selected={props.selected}
        actions={props.actions}
        trans={trans}
        onSort={column =>
          setView({ ...view, sort: nextSort(column, view.sort, sweep) })
        }
        onSelect={props.onSelect}
        onReading={setReading}
        empty={emptyWords(props)}
      />
      <Waiting
        waiting={arrangement.waiting}
        stale={arrangement.stale}
        trans={trans}
        onSettle={settleNow}
      />
    </section>
  );
}

/** The rows, sorted again only when that changes something and disturbs nobody. */
function useArrangement(
  trials: ReadonlyMap<number, Trial>,
  revision: number,
  view: IView,
  reading: boolean
): { arrangement: IArrangement; settleNow: () => void } {
  const kept = useRef<IArrangement | null>(null);
  const [pressed, setPressed] = useState(0);
  const arrangement = useMemo(
    () => arrange(kept.current, trials, view, reading),
    // The Map changes in place: `revision` stands for what is in it.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [trials, revision, view, reading, pressed]
  );
  useLayoutEffect(() => {
    kept.current = arrangement;
  });
  const settleNow = useCallback(() => {
    kept.current = settle(trials, view);
    setPressed(count => count + 1);
  }, [trials, view]);
  return { arrangement, settleNow };
}

/** A sweep's columns stay the same objects for as long as its order does, so that rows are not drawn again. */
function useColumns(sweep: Sweep, trans: TranslationBundle) {
  const order = JSON.stringify([sweep.objective, sweep.parameters]);
  // eslint-disable-next-line react-hooks/exhaustive-deps
  return useMemo(() => columnsOf(sweep, trans), [order, trans]);
}

function emptyWords({ loading, trials, trans }: ITrialsViewProps): string {
  if (loading) {
    return trans.__('Loading trials…');
  }
  return trials.size > 0
    ? trans.__('No trial matches the filter.')
    : trans.__('No trial has begun yet.');
}
