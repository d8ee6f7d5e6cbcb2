import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';
import React, { useState } from 'react';

import type { ExecutorOffer, NotebookInfo, Problem } from '../api';
import type { CheckModel } from '../check/model';
import type { CodeCell } from '../notebooks';
import { TextInput } from './form-fields';
import { CheckPart, SnapshotNote } from './form-notes';
import { Plan } from './form-plan';
import { ParameterRow } from './form-row';
import { RunBar } from './form-run';
import type { FormState, RowState } from './form-state';
import { Untagged } from './form-untagged';
import { placeFields, placeOf } from './place';

export interface ISweepFormProps {
  info: NotebookInfo;
  state: FormState;
  problems: ReadonlyArray<Problem>;
  /** Where trials can run; empty until it is known. */
  offers: ReadonlyArray<ExecutorOffer>;
  trials: number | null;
  /** Why Run cannot be pressed, in words; null when it can. */
  blocked: string | null;
  /** What went wrong and belongs to no field. */
  error: string | null;
  running: boolean;
  /** Whether the values are those of the last time. */
  recalled: boolean;
  /** Code cells to choose the parameters cell from. */
  cells: ReadonlyArray<CodeCell> | null;
  /** Digest of what is run instead of the notebook as it is now. */
  snapshot: string | null;
  /** What the check says; changes in place. */
  check: Pick<CheckModel, 'checking' | 'error' | 'errors' | 'report'>;
  trans: TranslationBundle;
  onChange: (change: Partial<FormState>) => void;
  onChangeRow: (name: string, change: Partial<RowState>) => void;
  onAddRow: (name: string) => void;
  onRemoveRow: (name: string) => void;
  onStartOver: () => void;
  onReload: () => void;
  onRetry: () => void;
  onTag: (cell: number) => void;
  onRun: () => void;
  /** Go to a cell of the notebook. */
  onCell: (cell: number) => void;
  onCheck: () => void;
  onOpenSnapshot: () => void;
  /** Run the file as it is now, and not the snapshot. */
  onPresent: () => void;
}

/** A notebook's parameters and what to try of them, on one screen. */
export function SweepForm(props: ISweepFormProps): JSX.Element {
  const { info, state, trans, onRun } = props;
  const problems = byField(props.problems, state, props.offers);
  return (
    <form
      className="jp-mlops-Form"
      aria-label={trans.__('Sweep of %1', info.name)}
      noValidate
      onSubmit={event => {
        event.preventDefault();
        onRun();
      }}
      onKeyDown={event => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
          event.preventDefault();
          onRun();
        }
      }}
    >
      <FormHeader {...props} />
      {props.snapshot !== null && (
        <SnapshotNote
          digest={props.snapshot}
          name={PathExt.basename(info.path)}
          trans={trans}
          onOpen={props.onOpenSnapshot}
          onPresent={props.onPresent}
        />
      )}
      <div className="jp-mlops-Form-columns">
        <div>
          <fieldset className="jp-mlops-Form-parameters">
            <legend>{trans.__('Parameters')}</legend>
            <Parameters {...props} byField={problems} />
          </fieldset>
          {props.snapshot === null && (
            <CheckPart
              check={props.check}
              trans={trans}
              onCell={props.onCell}
              onRetry={props.onCheck}
            />
          )}
        </div>
        <fieldset className="jp-mlops-Form-plan">
          <legend>{trans.__('Plan')}</legend>
          <Plan
            info={info}
            state={state}
            offers={props.offers}
            problems={problems}
            trials={props.trials}
            trans={trans}
            onChange={props.onChange}
          />
          <RunBar
            {...props}
            elsewhere={problems.get('')}
            // A snapshot is run as it was kept: the check reads the file as it is now.
            errors={props.snapshot === null ? props.check.errors : 0}
          />
        </fieldset>
      </div>
    </form>
  );
}

function FormHeader(props: ISweepFormProps): JSX.Element {
  const { info, recalled, trans } = props;
  const reload = trans.__('Save the notebook and read it again');
  return (
    <header className="jp-mlops-Form-header">
      <h1>{trans.__('Sweep %1', PathExt.basename(info.path))}</h1>
      <button
        type="button"
        className="jp-mlops-IconButton"
        title={reload}
        aria-label={reload}
        onClick={props.onReload}
      >
        <refreshIcon.react tag="span" width="16px" height="16px" />
      </button>
      <span className="jp-mlops-Form-about">
        {trans._n(
          '%1 code cell · kernel %2',
          '%1 code cells · kernel %2',
          info.cells,
          info.kernel
        )}
      </span>
      {recalled && (
        <span className="jp-mlops-Form-about">
          {trans.__('Filled in as you left it last time.')}{' '}
          <button
            type="button"
            className="jp-mlops-Link"
            onClick={props.onStartOver}
          >
            {trans.__('Start over')}
          </button>
        </span>
      )}
    </header>
  );
}

type WithProblems = ISweepFormProps & { byField: ReadonlyMap<string, string> };

function Parameters(props: WithProblems): JSX.Element {
  const { info, state, byField: problems, cells, trans } = props;
  return (
    <>
      {!info.has_parameters_cell &&
        info.readable &&
        props.snapshot !== null && (
          <p className="jp-mlops-Hint">
            {trans.__(
              'No cell of this snapshot is tagged “parameters”: it can be run as it is, and nothing varied.'
            )}
          </p>
        )}
      {!info.has_parameters_cell &&
        info.readable &&
        props.snapshot === null && (
          <Untagged
            cells={cells}
            suggested={info.suggested_parameters_cell}
            trans={trans}
            onTag={props.onTag}
          />
        )}
      {info.has_parameters_cell && info.readable && !state.rows.length && (
        <p className="jp-mlops-Hint">
          {trans.__(
            'The parameters cell assigns nothing yet. Write lines such as lr = 0.01 in it, then read the notebook again.'
          )}
        </p>
      )}
      {state.rows.map(row => (
        <ParameterRow
          key={row.parameter.name}
          row={row}
          problem={problems.get(`parameters.${row.parameter.name}`)}
          trans={trans}
          onChange={props.onChangeRow}
          onRemove={info.readable ? undefined : props.onRemoveRow}
        />
      ))}
      {!info.readable && <AddParameter {...props} />}
    </>
  );
}

/** For languages whose assignments nobody here reads: any name may be given. */
function AddParameter(props: ISweepFormProps): JSX.Element {
  const { info, trans, onAddRow } = props;
  const [name, setName] = useState('');
  const add = () => {
    if (name.trim()) {
      onAddRow(name.trim());
      setName('');
    }
  };
  return (
    <div className="jp-mlops-Untagged">
      <p className="jp-mlops-Hint">
        {trans.__(
          'Parameters of %1 notebooks cannot be read here. Name those that you want to set; each is written after the cell tagged “parameters”.',
          info.language
        )}
      </p>
      <div className="jp-mlops-Untagged-choice">
        <TextInput
          value={name}
          label={trans.__('Name of a parameter')}
          placeholder={trans.__('name')}
          onChange={setName}
        />
        <button type="button" className="jp-mlops-Button" onClick={add}>
          {trans.__('Add parameter')}
        </button>
      </div>
    </div>
  );
}

/** Problems by the field they stand beside; those of fields that are not in the form under the empty name. */
function byField(
  problems: ReadonlyArray<Problem>,
  state: FormState,
  offers: ReadonlyArray<ExecutorOffer>
): Map<string, string> {
  const known = new Set([
    'trials',
    'parallelism',
    'objective',
    'experiment',
    'seed',
    'kernel',
    ...placeFields(placeOf(state, offers)),
    ...state.rows.map(row => `parameters.${row.parameter.name}`)
  ]);
  const sorted = new Map<string, string>();
  for (const { field, message } of problems) {
    const place = known.has(field) ? field : '';
    const said = place === '' && field ? `${field}: ${message}` : message;
    sorted.set(place, [sorted.get(place), said].filter(Boolean).join(' '));
  }
  return sorted;
}
