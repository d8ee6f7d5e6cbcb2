import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect, useState } from 'react';

import type { Sweep, Trial } from '../api';
import {
  exactValue,
  formatDuration,
  formatMoment,
  formatObjective,
  formatValue,
  stateMark,
  stateWord
} from './format';
import { parameterColumn } from './table-order';

/** A column of the trials table, except the last one, which holds what can be done. */
export interface IColumn {
  readonly id: string;
  readonly label: string;
  /** Numbers stand at the right. */
  readonly numeric: boolean;
  /** Width in characters, and the share it takes of what is left over. */
  readonly least: number;
  readonly grow: number;
  /** Shown until somebody chooses otherwise. */
  readonly shown: boolean;
  readonly cell: (trial: Trial) => React.ReactNode;
  /** The value in full, for hovering. */
  readonly full?: (trial: Trial) => string;
}

/** Which columns somebody has chosen to show or to hide, by id. */
export type ColumnChoices = Readonly<Record<string, boolean>>;

/** All columns that a sweep's trials can have. */
export function columnsOf(sweep: Sweep, trans: TranslationBundle): IColumn[] {
  const objective = sweep.objective ? [objectiveColumn(sweep.objective)] : [];
  const parameters = Object.entries(sweep.parameters).map(([name, dimension]) =>
    parameterOf(name, dimension.kind !== 'fixed')
  );
  return [
    {
      id: 'index',
      label: '#',
      numeric: true,
      least: 7,
      grow: 0,
      shown: true,
      cell: trial => trial.index
    },
    {
      id: 'state',
      label: trans.__('state'),
      numeric: false,
      least: 13,
      grow: 2,
      shown: true,
      cell: trial => stateCell(trial, trans),
      full: trial =>
        trial.reason
          ? `${stateWord(trial.state, trans)}: ${trial.reason}`
          : stateWord(trial.state, trans)
    },
    ...objective,
    ...parameters,
    {
      id: 'progress',
      label: trans.__('cells'),
      numeric: true,
      least: 12,
      grow: 0.5,
      shown: true,
      cell: progressCell
    },
    {
      id: 'duration',
      label: trans.__('time'),
      numeric: true,
      least: 10,
      grow: 0.5,
      shown: true,
      cell: trial => durationCell(trial, trans),
      full: trial =>
        trial.started === null
          ? ''
          : trans.__('started %1', formatMoment(trial.started))
    }
  ];
}

/** Pixels for what can be done with a trial: four buttons. */
const ACTIONS = 108;
/** Pixels left and right of a row. */
const PADDING = 24;

/** The columns' widths for the style sheet: tracks of a grid, and what they need at least. */
export function widthsOf(
  columns: ReadonlyArray<IColumn>,
  hasActions: boolean
): React.CSSProperties {
  const tracks = columns.map(({ least, grow }) =>
    grow > 0 ? `minmax(${least}ch, ${grow}fr)` : `${least}ch`
  );
  const characters = columns.reduce((sum, { least }) => sum + least, 0);
  const actions = hasActions ? ACTIONS : 0;
  return {
    '--jp-mlops-columns': `${tracks.join(' ')} ${actions}px`,
    '--jp-mlops-least': `calc(${characters}ch + ${actions + PADDING}px)`
  } as React.CSSProperties;
}

/** The columns to show. */
export function shownColumns(
  columns: ReadonlyArray<IColumn>,
  choices: ColumnChoices
): IColumn[] {
  return columns.filter(({ id, shown }) => choices[id] ?? shown);
}

function objectiveColumn(name: string): IColumn {
  return {
    id: 'objective',
    label: name,
    numeric: true,
    least: widthFor(name, 9),
    grow: 1,
    shown: true,
    // While the trial runs, its metric may still change.
    cell: ({ objective, state }) =>
      objective === null
        ? ''
        : formatObjective(objective) + (state === 'running' ? '…' : ''),
    full: ({ objective }) => (objective === null ? '' : String(objective))
  };
}

function parameterOf(name: string, shown: boolean): IColumn {
  return {
    id: parameterColumn(name),
    label: name,
    numeric: false,
    least: widthFor(name, 8),
    grow: 1,
    shown,
    cell: ({ parameters }) =>
      parameters[name] === undefined ? '' : formatValue(parameters[name]),
    full: ({ parameters }) =>
      parameters[name] === undefined ? '' : exactValue(parameters[name])
  };
}

/** Wide enough for its head and the arrow beside it, up to a limit. */
function widthFor(label: string, least: number): number {
  return Math.min(24, Math.max(least, label.length + 5));
}

// Plain texts and few elements, not components: a scroll draws some hundred cells in one frame.
function stateCell(
  { reason, state }: Trial,
  trans: TranslationBundle
): React.ReactNode {
  return (
    <>
      <span className="jp-mlops-Mark" data-state={state} aria-hidden>
        {stateMark(state)}
      </span>
      {stateWord(state, trans)}
      {/* The space is for who hears it: the two are not one word. */}
      {reason && ' '}
      {reason && <span className="jp-mlops-Trials-reason">{reason}</span>}
    </>
  );
}

function progressCell(trial: Trial): React.ReactNode {
  const { cells_done: done, cells_total: total, state } = trial;
  if (total === 0) {
    return '';
  }
  const words = `${done}/${total}`;
  if (state !== 'running') {
    return words;
  }
  return (
    <>
      <span className="jp-mlops-Trials-bar" aria-hidden>
        <span style={{ transform: `scaleX(${Math.min(1, done / total)})` }} />
      </span>
      {words}
    </>
  );
}

function durationCell(trial: Trial, trans: TranslationBundle): React.ReactNode {
  const { started, ended, state } = trial;
  if (started === null) {
    return '';
  }
  if (ended !== null) {
    return formatDuration(ended - started, trans);
  }
  return state === 'running' ? <Clock since={started} trans={trans} /> : '';
}

/** How long a trial took, or takes so far. */
export function Duration(props: {
  trial: Trial;
  trans: TranslationBundle;
}): JSX.Element {
  return <>{durationCell(props.trial, props.trans)}</>;
}

/** A clock of its own, so that its second does not draw the whole table. */
function Clock(props: {
  since: number;
  trans: TranslationBundle;
}): JSX.Element {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return <>{formatDuration(now - props.since, props.trans)}</>;
}
