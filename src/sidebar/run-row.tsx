import type { TranslationBundle } from '@jupyterlab/translation';
import {
  type LabIcon,
  pauseIcon,
  runIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import React from 'react';

import type { Sweep } from '../api';
import { clusterIcon, sweepIcon } from '../icons';
import {
  endedCount,
  formatCount,
  formatLeft,
  formatMoment,
  formatNumber,
  formatWhen,
  stateMark,
  stateWord,
  sweepTitle
} from '../sweep/format';
import {
  executorWord,
  interruptsOnPause,
  isHere,
  pauseWords
} from '../sweep/place';
import { canSweepAgain, CommandIDs, hasEnded } from '../tokens';

export interface IRunRowProps {
  sweep: Sweep;
  /** Whether Tab leads here. */
  active: boolean;
  trans: TranslationBundle;
  onOpen: (sweep: Sweep) => void;
  onCommand: (command: string, sweep: Sweep) => void;
  onFocus: (sweep: Sweep) => void;
}

/** A sweep in two lines: what and how far, then how good and how long. */
export function RunRow(props: IRunRowProps): JSX.Element {
  const { sweep, active, trans, onOpen, onCommand, onFocus } = props;
  const title = sweepTitle(sweep, trans);
  const quiet = quietWords(sweep, trans);
  const progress = trans.__(
    '%1/%2',
    formatCount(endedCount(sweep)),
    formatCount(sweep.total)
  );
  const failed = sweep.counts.failed ?? 0;
  const failures = failed ? trans.__('%1 failed', formatCount(failed)) : '';
  const state = stateWord(sweep.state, trans);
  const place = isHere(sweep.executor)
    ? ''
    : trans.__('on %1', executorWord(sweep.executor, trans));
  return (
    <div className="jp-mlops-Run" role="row" data-sweep={sweep.id}>
      <div
        className="jp-mlops-Run-main"
        role="gridcell"
        tabIndex={active ? 0 : -1}
        aria-label={[title, state, progress, failures, ...quiet, place]
          .filter(Boolean)
          .join(', ')}
        title={rowTooltip(sweep, title, state, place)}
        onClick={() => onOpen(sweep)}
        onFocus={() => onFocus(sweep)}
      >
        <span className="jp-mlops-Run-line">
          <span className="jp-mlops-Mark" data-state={sweep.state} aria-hidden>
            {stateMark(sweep.state)}
          </span>
          <span className="jp-mlops-Run-name">{title}</span>
          {place && (
            <span className="jp-mlops-Run-place" title={place} aria-hidden>
              <clusterIcon.react tag="span" width="14px" height="14px" />
            </span>
          )}
          <span className="jp-mlops-Run-count">{progress}</span>
          {!hasEnded(sweep) && <MiniBar sweep={sweep} />}
        </span>
        <span className="jp-mlops-Run-quiet">
          {failures && (
            <span className="jp-mlops-Run-failures">{failures}</span>
          )}
          {quiet.map(words => (
            <span key={words}>{words}</span>
          ))}
        </span>
      </div>
      <RowActions
        sweep={sweep}
        title={title}
        trans={trans}
        onCommand={onCommand}
      />
    </div>
  );
}

/** What can be done now, shown on hover and focus; the arrow keys lead here. */
function RowActions(props: {
  sweep: Sweep;
  title: string;
  trans: TranslationBundle;
  onCommand: (command: string, sweep: Sweep) => void;
}): JSX.Element | null {
  const { sweep, title, trans, onCommand } = props;
  const actions = actionsOf(sweep, title, trans);
  return actions.length === 0 ? null : (
    <div className="jp-mlops-Run-actions" role="gridcell">
      {actions.map(({ command, icon, label, title: more }) => (
        <button
          key={command}
          type="button"
          className="jp-mlops-IconButton"
          tabIndex={-1}
          title={more ?? label}
          aria-label={label}
          onClick={() => onCommand(command, sweep)}
        >
          <icon.react tag="span" width="14px" height="14px" />
        </button>
      ))}
    </div>
  );
}

interface IAction {
  readonly command: string;
  readonly icon: LabIcon;
  readonly label: string;
  /** More than the label, for hovering. */
  readonly title?: string;
}

function actionsOf(
  sweep: Sweep,
  title: string,
  trans: TranslationBundle
): IAction[] {
  if (hasEnded(sweep)) {
    const again = {
      command: CommandIDs.sweepAgain,
      icon: sweepIcon,
      label: trans.__('Sweep %1 again…', title)
    };
    return canSweepAgain(sweep) ? [again] : [];
  }
  if (sweep.state === 'stopping') {
    return [];
  }
  const first =
    sweep.state === 'running'
      ? {
          command: CommandIDs.pause,
          icon: pauseIcon,
          label: trans.__('Pause %1', title),
          title: interruptsOnPause(sweep)
            ? `${trans.__('Pause %1', title)}: ${pauseWords(sweep, trans)}`
            : undefined
        }
      : {
          command: CommandIDs.resume,
          icon: runIcon,
          label: trans.__('Resume %1', title)
        };
  const stop = {
    command: CommandIDs.stop,
    icon: stopIcon,
    label: trans.__('Stop %1…', title)
  };
  return [first, stop];
}

/** How far a sweep is; the numbers beside it say the same, so it is hidden from who cannot see it. */
function MiniBar({ sweep }: { sweep: Sweep }): JSX.Element {
  const { counts, total } = sweep;
  const share = (count = 0) => `${(100 * count) / Math.max(1, total)}%`;
  return (
    <span className="jp-mlops-MiniBar" aria-hidden>
      <span
        data-state="succeeded"
        style={{ width: share((counts.succeeded ?? 0) + (counts.pruned ?? 0)) }}
      />
      <span
        data-state="failed"
        style={{ width: share((counts.failed ?? 0) + (counts.cancelled ?? 0)) }}
      />
      <span data-state="running" style={{ width: share(counts.running) }} />
    </span>
  );
}

/** The second line: best value, then time left or time since. */
export function quietWords(sweep: Sweep, trans: TranslationBundle): string[] {
  const words: string[] = [];
  if (sweep.best) {
    const arrow = sweep.direction === 'maximize' ? '↑' : '↓';
    const best = formatNumber(sweep.best.objective);
    words.push(trans.__('best %1 %2', best, arrow));
  }
  if (hasEnded(sweep)) {
    words.push(formatWhen(sweep.ended ?? sweep.started));
  } else if (sweep.state !== 'running') {
    words.push(stateWord(sweep.state, trans));
  } else if (sweep.seconds_left !== null) {
    words.push(formatLeft(sweep.seconds_left, trans));
  } else {
    words.push(trans.__('started %1', formatWhen(sweep.started)));
  }
  return words;
}

function rowTooltip(
  sweep: Sweep,
  title: string,
  state: string,
  place: string
): string {
  return [
    [title, state, place].filter(Boolean).join(' · '),
    sweep.reason,
    sweep.notebook,
    formatMoment(sweep.started)
  ]
    .filter(Boolean)
    .join('\n');
}
