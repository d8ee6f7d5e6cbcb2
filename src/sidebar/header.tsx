import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { settingsIcon } from '@jupyterlab/ui-components';
import React, { useEffect, useState } from 'react';

import { snapshotIcon, sweepIcon } from '../icons';

export interface IHeaderProps {
  /** Path of the notebook that the buttons are about; null when none is open. */
  notebook: string | null;
  /** What does not answer, in words. */
  offline: string | null;
  /** When it is tried again by itself, in milliseconds since 1970. */
  retryAt: number | null;
  trans: TranslationBundle;
  onSweep: () => void;
  onSnapshot: () => void;
  onSettings: () => void;
  onRetry: () => void;
}

/** What can be started from here, and whether anybody answers. */
export function Header(props: IHeaderProps): JSX.Element {
  const { notebook, offline, trans } = props;
  const name = notebook === null ? null : PathExt.basename(notebook);
  const missing = trans.__('Open a notebook first');
  return (
    <>
      <div className="jp-mlops-Header-buttons">
        <button
          type="button"
          className="jp-mlops-Button jp-mod-accept"
          disabled={name === null}
          title={name === null ? missing : trans.__('Run %1 many times…', name)}
          onClick={props.onSweep}
        >
          <sweepIcon.react tag="span" width="16px" height="16px" />
          {trans.__('Sweep…')}
        </button>
        <button
          type="button"
          className="jp-mlops-Button"
          disabled={name === null}
          title={
            name === null ? missing : trans.__('Keep %1 as it stands', name)
          }
          onClick={props.onSnapshot}
        >
          <snapshotIcon.react tag="span" width="16px" height="16px" />
          {trans.__('Snapshot')}
        </button>
        <button
          type="button"
          className="jp-mlops-IconButton"
          title={trans.__('MLOps settings')}
          aria-label={trans.__('MLOps settings')}
          onClick={props.onSettings}
        >
          <settingsIcon.react tag="span" width="16px" height="16px" />
        </button>
      </div>
      {offline !== null && <Offline {...props} offline={offline} />}
    </>
  );
}

function Offline(props: IHeaderProps & { offline: string }): JSX.Element {
  const { offline, retryAt, trans, onRetry } = props;
  const seconds = useSecondsUntil(retryAt);
  return (
    <div className="jp-mlops-Offline">
      <span role="status">{offline}</span>{' '}
      {/* Not part of the live region: nobody wants to hear every second of it. */}
      <span>
        {seconds > 0
          ? trans.__('Retry in %1 s.', seconds)
          : trans.__('Trying…')}{' '}
      </span>
      <button type="button" className="jp-mlops-Link" onClick={onRetry}>
        {trans.__('Retry now')}
      </button>
    </div>
  );
}

function useSecondsUntil(moment: number | null): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return moment === null ? 0 : Math.max(0, Math.ceil((moment - now) / 1000));
}
