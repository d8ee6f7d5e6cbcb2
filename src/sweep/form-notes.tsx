import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { Findings } from '../check/findings';
import type { CheckModel } from '../check/model';
import { shortDigest } from './format';

/** Says that a snapshot is run, and offers the file as it is now. */
export function SnapshotNote(props: {
  digest: string;
  /** File name of the notebook. */
  name: string;
  trans: TranslationBundle;
  onOpen: () => void;
  onPresent: () => void;
}): JSX.Element {
  const { digest, name, trans, onOpen, onPresent } = props;
  return (
    <p className="jp-mlops-Form-snapshot" role="note">
      <span>
        {trans.__(
          'Runs snapshot %1 of %2, not the file as it is now.',
          shortDigest(digest),
          name
        )}
      </span>
      <button type="button" className="jp-mlops-Link" onClick={onOpen}>
        {trans.__('Show the snapshot')}
      </button>
      <button type="button" className="jp-mlops-Link" onClick={onPresent}>
        {trans.__('Use the present file instead')}
      </button>
    </p>
  );
}

/** What the check says of the notebook, on the kernel that is chosen. Never keeps anybody from running it. */
export function CheckPart(props: {
  check: Pick<CheckModel, 'checking' | 'error' | 'report'>;
  trans: TranslationBundle;
  onCell: (cell: number) => void;
  onRetry: () => void;
}): JSX.Element {
  return (
    <fieldset className="jp-mlops-Form-check">
      <legend>{props.trans.__('Check')}</legend>
      <Findings {...props} />
    </fieldset>
  );
}
