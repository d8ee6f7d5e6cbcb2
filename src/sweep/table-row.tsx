import type { TranslationBundle } from '@jupyterlab/translation';
import {
  launchIcon,
  type LabIcon,
  notebookIcon,
  stopIcon,
  textEditorIcon
} from '@jupyterlab/ui-components';
import React, { memo, useState } from 'react';

import type { Trial } from '../api';
import type { IColumn } from './table-columns';

/** What can be done with a trial; the same object for the life of a page. */
export interface ITrialActions {
  readonly openNotebook: (index: number) => void;
  readonly showLog: (index: number) => void;
  readonly stop: (index: number) => void;
  /** Address of a trial's run in MLflow; null while that is not known. */
  readonly mlflow: (run: string) => string | null;
}

export interface IRowProps {
  trial: Trial;
  columns: ReadonlyArray<IColumn>;
  /** From 0. */
  position: number;
  /** Pixels from the top of the body. */
  top: number;
  /** Made of the grid's, for `aria-activedescendant`. */
  id: string;
  /** Whether the keys act on this row. */
  active: boolean;
  selected: boolean;
  hasActions: boolean;
  actions: ITrialActions;
  trans: TranslationBundle;
  onSelect: (index: number) => void;
}

/** A row is drawn again only when something of it has changed; as people scroll, it is given other trials. */
export const TrialRow = memo((props: IRowProps): JSX.Element => {
  const { trial, columns, position, top, active, selected } = props;
  const { hasActions, actions, trans, onSelect } = props;
  const { index } = trial;
  const [hovered, setHovered] = useState(false);
  const wide = hasRoomForReason(trial, columns);
  return (
    <div
      id={props.id}
      className="jp-mlops-Trials-row"
      role="row"
      aria-rowindex={position + 2}
      aria-selected={selected}
      data-active={active || undefined}
      data-index={index}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onSelect(index)}
      onDoubleClick={() => trial.has_notebook && actions.openNotebook(index)}
      onPointerEnter={() => setHovered(true)}
      onPointerLeave={() => setHovered(false)}
    >
      {columns.map((column, place) =>
        wide && column.id === 'objective' ? null : (
          <div
            key={column.id}
            className={
              column.numeric
                ? 'jp-mlops-Trials-cell jp-mod-numeric'
                : 'jp-mlops-Trials-cell'
            }
            role="gridcell"
            aria-colindex={place + 1}
            aria-colspan={wide && column.id === 'state' ? 2 : undefined}
            data-column={column.id}
            title={hovered ? column.full?.(trial) : undefined}
          >
            {column.cell(trial)}
          </div>
        )
      )}
      {hasActions && (
        <div
          className="jp-mlops-Trials-cell jp-mlops-Trials-actions"
          role="gridcell"
          aria-colindex={columns.length + 1}
        >
          {(active || hovered) && (
            <Actions
              // A press meant for one trial must never reach another.
              key={index}
              trial={trial}
              active={active}
              actions={actions}
              trans={trans}
            />
          )}
        </div>
      )}
    </div>
  );
});
TrialRow.displayName = 'TrialRow';

/** A reason takes the place of the objective that there is not. */
function hasRoomForReason(
  { objective, reason }: Trial,
  columns: ReadonlyArray<IColumn>
): boolean {
  const state = columns.findIndex(({ id }) => id === 'state');
  return (
    reason !== '' &&
    objective === null &&
    columns[state + 1]?.id === 'objective'
  );
}

/** Whether a trial runs, or may still come to run. */
export function canStop({ state }: Trial): boolean {
  return state === 'running' || state === 'queued' || state === 'preempted';
}

function Actions(props: {
  trial: Trial;
  active: boolean;
  actions: ITrialActions;
  trans: TranslationBundle;
}): JSX.Element {
  const { trial, active, actions, trans } = props;
  const { index } = trial;
  const mlflow = trial.run_id ? actions.mlflow(trial.run_id) : null;
  const tabIndex = active ? 0 : -1;
  return (
    <>
      {trial.has_notebook && (
        <IconButton
          icon={notebookIcon}
          label={trans.__('Open the notebook of trial %1', index)}
          tabIndex={tabIndex}
          onClick={() => actions.openNotebook(index)}
        />
      )}
      {trial.run_id && (
        <IconButton
          icon={textEditorIcon}
          label={trans.__('Show the log of trial %1', index)}
          tabIndex={tabIndex}
          onClick={() => actions.showLog(index)}
        />
      )}
      {mlflow && (
        <a
          className="jp-mlops-IconButton"
          href={mlflow}
          target="_blank"
          rel="noopener noreferrer"
          tabIndex={tabIndex}
          title={trans.__('Open trial %1 in MLflow', index)}
          aria-label={trans.__('Open trial %1 in MLflow', index)}
          onClick={event => event.stopPropagation()}
        >
          <launchIcon.react tag="span" width="16px" height="16px" />
        </a>
      )}
      {canStop(trial) && (
        <IconButton
          icon={stopIcon}
          label={trans.__('Stop trial %1', index)}
          tabIndex={tabIndex}
          onClick={() => actions.stop(index)}
        />
      )}
    </>
  );
}

/** A button with a picture and its words for everybody who does not see it. */
export function IconButton(props: {
  icon: LabIcon;
  label: string;
  tabIndex?: number;
  onClick: () => void;
}): JSX.Element {
  const { icon: Icon, label, tabIndex, onClick } = props;
  return (
    <button
      type="button"
      className="jp-mlops-IconButton"
      title={label}
      aria-label={label}
      tabIndex={tabIndex}
      onClick={event => {
        // A press on the button is not one on the row below it.
        event.stopPropagation();
        onClick();
      }}
    >
      <Icon.react tag="span" width="16px" height="16px" />
    </button>
  );
}
