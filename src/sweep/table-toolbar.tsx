import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon } from '@jupyterlab/ui-components';
import React, { useEffect, useId, useRef, useState } from 'react';

import type { Trial } from '../api';
import { formatCount, stateMark, stateWord, TRIAL_STATES } from './format';
import type { ColumnChoices, IColumn } from './table-columns';

type TrialState = Trial['state'];

export interface IToolbarProps {
  text: string;
  states: ReadonlySet<TrialState>;
  /** Trials in each state. */
  counts: Readonly<Partial<Record<TrialState, number>>>;
  /** Rows of the table, and trials of the sweep. */
  shown: number;
  total: number;
  columns: ReadonlyArray<IColumn>;
  choices: ColumnChoices;
  trans: TranslationBundle;
  onText: (text: string) => void;
  onStates: (states: ReadonlySet<TrialState>) => void;
  onChoices: (choices: ColumnChoices) => void;
}

/** What stands above the table: which rows, which columns. */
export function TableToolbar(props: IToolbarProps): JSX.Element {
  const { trans, shown, total, text, states } = props;
  const filtered = text !== '' || states.size > 0;
  return (
    <div
      className="jp-mlops-Toolbar"
      role="toolbar"
      aria-label={trans.__('Trials')}
    >
      <input
        className="jp-mlops-Input jp-mlops-Toolbar-filter"
        type="search"
        value={text}
        placeholder={trans.__('Filter: penalty=l2…')}
        aria-label={trans.__('Filter trials by parameter, state or reason')}
        onChange={event => props.onText(event.target.value)}
      />
      <States {...props} />
      <span className="jp-mlops-Toolbar-count" role="status">
        {filtered &&
          trans.__('%1 of %2', formatCount(shown), formatCount(total))}
      </span>
      <ColumnsMenu {...props} />
    </div>
  );
}

/** One switch for each state that occurs; together they are also the legend of the progress bar. */
function States(props: IToolbarProps): JSX.Element {
  const { counts, states, trans, onStates } = props;
  const toggle = (state: TrialState) => {
    const next = new Set(states);
    if (!next.delete(state)) {
      next.add(state);
    }
    onStates(next);
  };
  return (
    <div
      className="jp-mlops-Toolbar-states"
      role="group"
      aria-label={trans.__('Show only')}
    >
      {TRIAL_STATES.filter(
        state => (counts[state] ?? 0) > 0 || states.has(state)
      ).map(state => (
        <button
          key={state}
          type="button"
          className="jp-mlops-Chip"
          aria-pressed={states.has(state)}
          title={trans.__(
            'Show only trials that are: %1',
            stateWord(state, trans)
          )}
          onClick={() => toggle(state)}
        >
          <span className="jp-mlops-Mark" data-state={state} aria-hidden>
            {stateMark(state)}
          </span>
          {`${formatCount(counts[state] ?? 0)} ${stateWord(state, trans)}`}
        </button>
      ))}
    </div>
  );
}

export interface IWaitingProps {
  /** Results that wait until nobody reads. */
  waiting: number;
  /** Whether any row would stand elsewhere. */
  stale: boolean;
  trans: TranslationBundle;
  onSettle: () => void;
}

/**
 * Says that results have gathered while somebody read, and lets them in. It floats over the table: making room for it
 * would move the very rows that are to stay.
 */
export function Waiting(props: IWaitingProps): JSX.Element {
  const { waiting, stale, trans, onSettle } = props;
  const label = waiting
    ? trans._n('%1 new result', '%1 new results', waiting)
    : trans.__('Sort again');
  return (
    <span className="jp-mlops-Waiting" role="status">
      {stale && (
        <button
          type="button"
          className="jp-mlops-Button jp-mod-accept"
          title={trans.__(
            'Rows stay in place while you read. Press to sort them again.'
          )}
          onClick={onSettle}
        >
          {label}
        </button>
      )}
    </span>
  );
}

function ColumnsMenu(props: IToolbarProps): JSX.Element {
  const { columns, choices, trans, onChoices } = props;
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  useEffect(() => {
    if (!open) {
      return;
    }
    const close = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) {
        setOpen(false);
      }
    };
    document.addEventListener('pointerdown', close, true);
    return () => document.removeEventListener('pointerdown', close, true);
  }, [open]);
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (open && event.key === 'Escape') {
      setOpen(false);
      button.current?.focus();
      event.stopPropagation();
    }
  };
  return (
    <div ref={root} className="jp-mlops-Columns" onKeyDown={onKeyDown}>
      <button
        ref={button}
        type="button"
        className="jp-mlops-Button"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        {trans.__('Columns')}
        <caretDownIcon.react tag="span" width="14px" height="14px" />
      </button>
      {open && (
        <div
          id={id}
          className="jp-mlops-Columns-menu"
          role="group"
          aria-label={trans.__('Columns')}
        >
          {columns.map(({ id, label, shown }) => (
            <label key={id}>
              <input
                type="checkbox"
                checked={choices[id] ?? shown}
                onChange={event =>
                  onChoices({ ...choices, [id]: event.target.checked })
                }
              />
              {label}
            </label>
          ))}
          <button
            type="button"
            className="jp-mlops-Button"
            onClick={() => onChoices({})}
          >
            {trans.__('Reset')}
          </button>
        </div>
      )}
    </div>
  );
}
