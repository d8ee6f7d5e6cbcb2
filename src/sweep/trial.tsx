import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon, stopIcon } from '@jupyterlab/ui-components';
import React, { useCallback, useId, useRef } from 'react';

import type { Sweep, Trial, TrialLog as LogPiece } from '../api';
import {
  exactValue,
  formatMoment,
  formatValue,
  formatWhen,
  stateMark,
  stateWord
} from './format';
import { Duration } from './table-columns';
import { canStop, IconButton, type ITrialActions } from './table-row';
import { TrialLog } from './trial-log';
import { asPapermill, asYaml } from './trial-parameters';

export type TrialTab = 'notebook' | 'log';

export interface ITrialPanelProps {
  sweep: Sweep;
  trial: Trial;
  tab: TrialTab;
  /** Whether anybody can see the page. */
  visible: boolean;
  actions: ITrialActions & {
    readLog: (index: number, offset: number) => Promise<LogPiece>;
    copy: (text: string) => void;
  };
  trans: TranslationBundle;
  onTab: (tab: TrialTab) => void;
  onClose: () => void;
}

/** One trial beside the table: what it was given, what came out, and where to read on. */
export function TrialPanel(props: ITrialPanelProps): JSX.Element {
  const { trial, actions, trans, onClose } = props;
  const { index, state, reason } = trial;
  const title = trans.__('Trial %1', index);
  return (
    <section className="jp-mlops-Trial" aria-label={title}>
      <header>
        <h3>{title}</h3>
        <span className="jp-mlops-Mark" data-state={state} aria-hidden>
          {stateMark(state)}
        </span>
        <span role="status">{stateWord(state, trans)}</span>
        <span className="jp-mlops-Trial-space" />
        {canStop(trial) && (
          <IconButton
            icon={stopIcon}
            label={trans.__('Stop trial %1', index)}
            onClick={() => actions.stop(index)}
          />
        )}
        <IconButton
          icon={closeIcon}
          label={trans.__('Close trial %1', index)}
          onClick={onClose}
        />
      </header>
      {reason && (
        <p className="jp-mlops-Trial-reason" data-state={state}>
          {reason}
        </p>
      )}
      <Facts {...props} />
      <Parameters {...props} />
      <Tabs {...props} />
    </section>
  );
}

function Facts({ sweep, trial, trans }: ITrialPanelProps): JSX.Element {
  const { objective, started, ended, attempt } = trial;
  const moment = (at: number) => (
    <dd title={formatMoment(at)}>{formatWhen(at)}</dd>
  );
  return (
    <dl className="jp-mlops-Facts">
      {sweep.objective && objective !== null && (
        <>
          <dt>{sweep.objective}</dt>
          <dd className="jp-mlops-Trial-objective">{String(objective)}</dd>
        </>
      )}
      {started !== null && (
        <>
          <dt>{trans.__('started')}</dt>
          {moment(started)}
        </>
      )}
      {ended !== null && (
        <>
          <dt>{trans.__('ended')}</dt>
          {moment(ended)}
        </>
      )}
      {started !== null && (
        <>
          <dt>{trans.__('time')}</dt>
          <dd>
            <Duration trial={trial} trans={trans} />
          </dd>
        </>
      )}
      {attempt > 1 && (
        <>
          <dt>{trans.__('attempt')}</dt>
          <dd>{attempt}</dd>
        </>
      )}
    </dl>
  );
}

function Parameters(props: ITrialPanelProps): JSX.Element {
  const { trial, actions, trans } = props;
  const { parameters } = trial;
  const names = Object.keys(parameters);
  return (
    <details className="jp-mlops-Trial-parameters" open>
      <summary>{trans.__('Parameters')}</summary>
      {names.length === 0 ? (
        <p className="jp-mlops-quiet">
          {trans.__('None: the notebook ran as it is.')}
        </p>
      ) : (
        <>
          <dl className="jp-mlops-Facts">
            {names.map(name => (
              <React.Fragment key={name}>
                <dt>{name}</dt>
                <dd title={exactValue(parameters[name])}>
                  {formatValue(parameters[name])}
                </dd>
              </React.Fragment>
            ))}
          </dl>
          <div className="jp-mlops-Trial-copy">
            <button
              type="button"
              className="jp-mlops-Button"
              title={trans.__('Copy as options of papermill')}
              onClick={() => actions.copy(asPapermill(parameters))}
            >
              {trans.__('Copy as -p')}
            </button>
            <button
              type="button"
              className="jp-mlops-Button"
              title={trans.__('Copy as a file of parameters')}
              onClick={() => actions.copy(asYaml(parameters))}
            >
              {trans.__('Copy as YAML')}
            </button>
          </div>
        </>
      )}
    </details>
  );
}

const TABS: ReadonlyArray<TrialTab> = ['notebook', 'log'];

function Tabs(props: ITrialPanelProps): JSX.Element {
  const { tab, trans, onTab } = props;
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const label = (each: TrialTab) =>
    each === 'notebook' ? trans.__('Notebook') : trans.__('Log');
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
      const other = TABS[1 - TABS.indexOf(tab)];
      onTab(other);
      list.current?.querySelector<HTMLElement>(`[data-tab=${other}]`)?.focus();
      event.preventDefault();
    }
  };
  return (
    <>
      <div
        ref={list}
        className="jp-mlops-Tabs"
        role="tablist"
        onKeyDown={onKeyDown}
      >
        {TABS.map(each => (
          <button
            key={each}
            type="button"
            role="tab"
            id={`${id}-${each}`}
            data-tab={each}
            aria-selected={each === tab}
            aria-controls={`${id}-panel`}
            tabIndex={each === tab ? 0 : -1}
            onClick={() => onTab(each)}
          >
            {label(each)}
          </button>
        ))}
      </div>
      <div
        className="jp-mlops-Tabs-panel"
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-${tab}`}
      >
        {tab === 'notebook' ? <Notebook {...props} /> : <Log {...props} />}
      </div>
    </>
  );
}

function Notebook(props: ITrialPanelProps): JSX.Element {
  const { trial, actions, trans } = props;
  const { index, state, has_notebook, run_id } = trial;
  const mlflow = run_id ? actions.mlflow(run_id) : null;
  return (
    <>
      <p>{notebookWords(trial, trans)}</p>
      <button
        type="button"
        className="jp-mlops-Button jp-mod-accept"
        disabled={!has_notebook}
        onClick={() => actions.openNotebook(index)}
      >
        {state === 'failed'
          ? trans.__('Open at the failed cell')
          : trans.__('Open executed notebook')}
      </button>
      {mlflow && (
        <a
          className="jp-mlops-Button"
          href={mlflow}
          target="_blank"
          rel="noopener noreferrer"
        >
          {trans.__('MLflow ↗')}
        </a>
      )}
    </>
  );
}

function notebookWords(trial: Trial, trans: TranslationBundle): string {
  const { cells_done, cells_total, has_notebook, state } = trial;
  if (!has_notebook) {
    return state === 'queued' || state === 'running' || state === 'preempted'
      ? trans.__('Nothing has been executed yet.')
      : trans.__('Nothing was executed.');
  }
  if (state === 'running') {
    return trans.__(
      '%1 of %2 cells executed so far. The notebook can be opened and follows.',
      cells_done,
      cells_total
    );
  }
  return trans.__('%1 of %2 cells executed.', cells_done, cells_total);
}

function Log(props: ITrialPanelProps): JSX.Element {
  const { trial, actions, visible, trans } = props;
  const { index, attempt, run_id } = trial;
  const { readLog } = actions;
  const read = useCallback(
    (offset: number) => readLog(index, offset),
    [readLog, index]
  );
  if (!run_id) {
    return (
      <p className="jp-mlops-quiet">
        {trans.__('There is no log: the trial has not begun.')}
      </p>
    );
  }
  return (
    <TrialLog
      key={`${index}/${attempt}`}
      index={index}
      read={read}
      visible={visible}
      trans={trans}
    />
  );
}
