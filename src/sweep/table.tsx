import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useCallback, useId, useRef, useState } from 'react';

import type { Trial } from '../api';
import { TableBody } from './table-body';
import { type IColumn, widthsOf } from './table-columns';
import { useKeys, useReading } from './table-hooks';
import type { ISort } from './table-order';
import type { ITrialActions } from './table-row';

export interface ITableProps {
  /** Indexes of trials, top to bottom. */
  rows: ReadonlyArray<number>;
  trials: ReadonlyMap<number, Trial>;
  /** Grows when `trials`, which is changed in place, has changed. */
  revision: number;
  columns: ReadonlyArray<IColumn>;
  sort: ISort;
  /** The trial shown beside the table. */
  selected: number | null;
  actions: ITrialActions;
  trans: TranslationBundle;
  onSort: (column: string) => void;
  onSelect: (index: number) => void;
  /** Whether somebody reads: the pointer is over the rows, or the focus in them. */
  onReading: (reading: boolean) => void;
  /** What to say when there are no rows. */
  empty: string;
}

/** The trials, as many rows of real DOM as can be seen. */
export function TrialsTable(props: ITableProps): JSX.Element {
  const { rows, columns, sort, trans, onSelect, onSort } = props;
  const id = useId();
  const idOf = (index: number) => `${id}-${index}`;
  // State, not a ref: the rows are drawn again once there is something to scroll in.
  const [scroller, setScroller] = useState<HTMLDivElement | null>(null);
  const [active, setActive] = useState<number | null>(null);
  // Rows may move: the active one is remembered by its trial, and is the first one when that is gone.
  const place = active === null ? 0 : Math.max(0, rows.indexOf(active));
  const scrollTo = useRef<((place: number) => void) | null>(null);
  const reading = useReading(props.onReading);
  const onKeyDown = useKeys(props, scroller, place, next => {
    setActive(rows[next]);
    scrollTo.current?.(next);
  });
  const select = useCallback(
    (index: number) => {
      setActive(index);
      onSelect(index);
    },
    [onSelect]
  );
  // The trial beside the table offers all that can be done with it.
  const hasActions = props.selected === null;
  return (
    <div
      {...reading.grid}
      ref={setScroller}
      className="jp-mlops-Trials"
      role="grid"
      aria-label={trans.__(
        'Trials: arrow keys move, Enter opens the notebook, Space shows the trial'
      )}
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length + (hasActions ? 1 : 0)}
      aria-activedescendant={rows.length > 0 ? idOf(rows[place]) : undefined}
      tabIndex={0}
      style={widthsOf(columns, hasActions)}
      onKeyDown={onKeyDown}
    >
      <div className="jp-mlops-Trials-head" role="rowgroup">
        <div className="jp-mlops-Trials-titles" role="row" aria-rowindex={1}>
          {columns.map((column, place) => (
            <Title
              key={column.id}
              column={column}
              place={place}
              sort={sort}
              onSort={onSort}
            />
          ))}
          {hasActions && (
            <div
              className="jp-mlops-Trials-title"
              role="columnheader"
              aria-colindex={columns.length + 1}
            >
              <span className="jp-mlops-hidden">{trans.__('actions')}</span>
            </div>
          )}
        </div>
      </div>
      <TableBody
        {...props}
        {...reading.rows}
        scroller={scroller}
        place={place}
        idOf={idOf}
        scrollTo={scrollTo}
        onSelect={select}
      />
      {rows.length === 0 && (
        <p className="jp-mlops-Trials-empty">{props.empty}</p>
      )}
    </div>
  );
}

function Title(props: {
  column: IColumn;
  place: number;
  sort: ISort;
  onSort: (column: string) => void;
}): JSX.Element {
  const { column, place, sort, onSort } = props;
  const sorted = sort.column === column.id;
  const direction = sort.descending ? 'descending' : 'ascending';
  return (
    <div
      className={
        column.numeric
          ? 'jp-mlops-Trials-title jp-mod-numeric'
          : 'jp-mlops-Trials-title'
      }
      role="columnheader"
      aria-colindex={place + 1}
      aria-sort={sorted ? direction : 'none'}
    >
      <button
        type="button"
        title={column.label}
        onClick={() => onSort(column.id)}
      >
        <span className="jp-mlops-Trials-label">{column.label}</span>
        <span className="jp-mlops-Trials-arrow" aria-hidden>
          {sorted ? (sort.descending ? '▾' : '▴') : ''}
        </span>
      </button>
    </div>
  );
}
