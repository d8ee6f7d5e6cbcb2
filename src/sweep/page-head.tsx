import type { TranslationBundle } from '@jupyterlab/translation';
import { pauseIcon, runIcon, stopIcon } from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { ExecutorOffer, Sweep } from '../api';
import { sweepIcon } from '../icons';
import { canSweepAgain, hasEnded } from '../tokens';
import {
  bestWords,
  endedCount,
  formatCount,
  formatDuration,
  formatLeft,
  stateMark,
  stateWord,
  sweepTitle,
  TRIAL_STATES
} from './format';
import { interruptsOnPause, isHere, pauseWords, placeWords } from './place';

export interface IHeadProps {
  sweep: Sweep;
  /** Address of the sweep in MLflow; null while that is not known. */
  mlflow: string | null;
  /** Where trials can run. */
  offers: ReadonlyArray<ExecutorOffer>;
  trans: TranslationBundle;
  onPause: () => void;
  onResume: () => void;
  onStop: () => void;
  /** Order a sweep as this one, of the same snapshot. */
  onAgain: () => void;
}

/** Is it fine, how far is it, what is best, and what can be done. */
export function SweepHead(props: IHeadProps): JSX.Element {
  const { sweep, trans } = props;
  return (
    <header className="jp-mlops-Head">
      <div className="jp-mlops-Head-line">
        <h2>
          <span className="jp-mlops-Mark" data-state={sweep.state} aria-hidden>
            {stateMark(sweep.state)}
          </span>
          {sweepTitle(sweep, trans)}
        </h2>
        <span className="jp-mlops-Head-state">
          <span role="status">{stateWord(sweep.state, trans)}</span>
          {sweep.purpose === 'sweep' && ` · ${planWords(props)}`}
        </span>
        <Buttons {...props} />
      </div>
      <ProgressBar sweep={sweep} trans={trans} />
      <p className="jp-mlops-Head-summary">{summaryWords(sweep, trans)}</p>
      <Reason {...props} />
    </header>
  );
}

/** How the trials are chosen and run; that it is here goes without saying. */
function planWords({ sweep, offers, trans }: IHeadProps): string {
  const { algorithm, executor, parallelism } = sweep;
  return isHere(executor)
    ? trans.__('%1, %2 at once', algorithm, parallelism)
    : `${algorithm} · ${placeWords(sweep, offers, trans)}`;
}

function Buttons(props: IHeadProps): JSX.Element {
  const { sweep, mlflow, trans, onAgain, onPause, onResume, onStop } = props;
  const { state } = sweep;
  return (
    <div
      className="jp-mlops-Head-buttons"
      role="group"
      aria-label={trans.__('Sweep')}
    >
      {state === 'running' && (
        <Button
          icon={pauseIcon}
          label={trans.__('Pause')}
          title={pauseWords(sweep, trans)}
          onClick={onPause}
        />
      )}
      {state === 'paused' && (
        <Button icon={runIcon} label={trans.__('Resume')} onClick={onResume} />
      )}
      {!hasEnded(sweep) && state !== 'stopping' && (
        <Button icon={stopIcon} label={trans.__('Stop')} onClick={onStop} />
      )}
      {hasEnded(sweep) && canSweepAgain(sweep) && (
        <Button
          icon={sweepIcon}
          label={trans.__('Sweep again…')}
          onClick={onAgain}
        />
      )}
      {mlflow && (
        <a
          className="jp-mlops-Button"
          href={mlflow}
          target="_blank"
          rel="noopener noreferrer"
          title={trans.__('Open this sweep in MLflow, in a new browser tab')}
        >
          {trans.__('MLflow ↗')}
        </a>
      )}
    </div>
  );
}

function Button(props: {
  icon: LabIcon;
  label: string;
  title?: string;
  onClick: () => void;
}): JSX.Element {
  const { icon: Icon, label, title, onClick } = props;
  return (
    <button
      type="button"
      className="jp-mlops-Button"
      title={title}
      onClick={onClick}
    >
      <Icon.react tag="span" width="16px" height="16px" />
      {label}
    </button>
  );
}

/** One segment for each state, as long as its share. */
function ProgressBar(props: {
  sweep: Sweep;
  trans: TranslationBundle;
}): JSX.Element {
  const { sweep, trans } = props;
  const present = TRIAL_STATES.filter(
    state => state !== 'queued' && (sweep.counts[state] ?? 0) > 0
  );
  const words = present.map(
    state => `${formatCount(sweep.counts[state])} ${stateWord(state, trans)}`
  );
  const ended = trans.__(
    '%1 of %2 trials ended',
    formatCount(endedCount(sweep)),
    formatCount(sweep.total)
  );
  const text = [ended, ...words].join(', ');
  return (
    <div
      className="jp-mlops-Progress"
      role="progressbar"
      aria-label={trans.__('Progress')}
      aria-valuemin={0}
      aria-valuemax={sweep.total}
      aria-valuenow={endedCount(sweep)}
      aria-valuetext={text}
      title={text}
    >
      {present.map(state => (
        <span
          key={state}
          data-state={state}
          style={{ width: `${(100 * sweep.counts[state]) / sweep.total}%` }}
        />
      ))}
    </div>
  );
}

/** Such as "41/60 · best accuracy 0.973 (trial 17) · about 3 min left". */
export function summaryWords(sweep: Sweep, trans: TranslationBundle): string {
  const { ended, seconds_left, started, state, total } = sweep;
  const words = [
    `${formatCount(endedCount(sweep))}/${formatCount(total)}`,
    bestWords(sweep, trans)
  ];
  if (ended !== null) {
    words.push(trans.__('took %1', formatDuration(ended - started, trans)));
  } else if (state === 'running' && seconds_left !== null) {
    words.push(formatLeft(seconds_left, trans));
  }
  return words.filter(Boolean).join(' · ');
}

/** Why it is as it is, and what to do. */
function Reason(props: IHeadProps): JSX.Element | null {
  const { sweep, trans, onResume } = props;
  const { reason, state } = sweep;
  if (state === 'lost') {
    return (
      <p className="jp-mlops-Head-reason" data-state={state} role="alert">
        <span>
          {reason ||
            trans.__(
              'The runner is gone. Nothing that has ended is lost. Press Resume to go on.'
            )}
        </span>
        <button
          type="button"
          className="jp-mlops-Button jp-mod-accept"
          onClick={onResume}
        >
          {trans.__('Resume')}
        </button>
      </p>
    );
  }
  const words = reason || stateReason(sweep, trans);
  return words ? (
    <p className="jp-mlops-Head-reason" data-state={state}>
      {words}
    </p>
  ) : null;
}

function stateReason(sweep: Sweep, trans: TranslationBundle): string {
  const running = sweep.counts.running ?? 0;
  if (sweep.state === 'paused' && interruptsOnPause(sweep)) {
    return trans.__(
      'No trials run until you press Resume; those that were interrupted then begin again.'
    );
  }
  if (sweep.state === 'paused') {
    return running > 0
      ? trans._n(
          'No further trials start; %1 that runs will end by itself.',
          'No further trials start; %1 that run will end by themselves.',
          running
        )
      : trans.__('No further trials start until you press Resume.');
  }
  return '';
}
