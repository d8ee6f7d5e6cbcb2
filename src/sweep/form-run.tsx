import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useId } from 'react';

import { formatCount } from './format';

export interface IRunBarProps {
  trials: number | null;
  /** Why Run cannot be pressed, in words; null when it can. */
  blocked: string | null;
  /** What went wrong and belongs to no field. */
  error: string | null;
  /** What is wrong with fields that are not in the form. */
  elsewhere: string | undefined;
  /** How many errors the check has found. */
  errors: number;
  running: boolean;
  trans: TranslationBundle;
  onRetry: () => void;
}

/** Run, what it will do, and why it will not. */
export function RunBar(props: IRunBarProps): JSX.Element {
  const { blocked, error, errors, running, trials, trans, onRetry } = props;
  const { elsewhere } = props;
  const id = useId();
  const label = running
    ? trans.__('Starting…')
    : trials === null
      ? trans.__('Run')
      : trans._n('Run %2 trial', 'Run %2 trials', trials, formatCount(trials));
  return (
    <div className="jp-mlops-RunBar">
      {elsewhere && (
        <p className="jp-mlops-Problem" role="alert">
          {elsewhere}
        </p>
      )}
      {/* Disabled for the hand only: it can be reached, so that its reason can be heard. */}
      <button
        type="submit"
        className="jp-mlops-Button jp-mod-accept"
        aria-disabled={blocked !== null || running}
        aria-describedby={id}
        title={trans.__('Ctrl+Enter')}
      >
        {label}
      </button>
      {errors > 0 && (
        <p className="jp-mlops-Problem">
          {trans._n(
            '%1 error found by the check',
            '%1 errors found by the check',
            errors
          )}
        </p>
      )}
      <p
        id={id}
        role="status"
        className={error === null ? 'jp-mlops-Hint' : 'jp-mlops-Problem'}
      >
        {blocked}
        {error !== null && (
          <>
            {' '}
            <button type="button" className="jp-mlops-Link" onClick={onRetry}>
              {trans.__('Try again')}
            </button>
          </>
        )}
      </p>
    </div>
  );
}
