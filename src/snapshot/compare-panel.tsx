import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect, useRef, useState } from 'react';

import type { Snapshot } from '../api';
import { formatWhen, shortDigest } from '../sweep/format';

export interface IComparePanelProps {
  snapshot: Snapshot;
  /** Other snapshots of the notebook, newest first; null until they are known. */
  others: ReadonlyArray<Snapshot> | null;
  trans: TranslationBundle;
  onCompare: (other: Snapshot) => void;
  onClose: () => void;
}

/** Asks with which other snapshot of the notebook. */
export function ComparePanel(props: IComparePanelProps): JSX.Element {
  const { snapshot, others, trans, onCompare, onClose } = props;
  const [chosen, setChosen] = useState<string | null>(null);
  const select = useRef<HTMLSelectElement>(null);
  const ready = Boolean(others?.length);
  useEffect(() => {
    if (ready) {
      select.current?.focus();
    }
  }, [ready]);
  const other =
    others?.find(({ digest }) => digest === chosen) ??
    (others && before(snapshot, others));
  return (
    <form
      className="jp-mlops-Panel"
      aria-label={trans.__('Compare with another snapshot')}
      onSubmit={event => {
        event.preventDefault();
        if (other) {
          onCompare(other);
        }
      }}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          onClose();
        }
      }}
    >
      {others === null ? (
        <p className="jp-mlops-Late" role="status">
          {trans.__('Looking for other snapshots…')}
        </p>
      ) : !other ? (
        <p className="jp-mlops-Hint">
          {trans.__(
            'This is the only snapshot of the notebook. Change something and press Snapshot: then there is something to compare.'
          )}
        </p>
      ) : (
        <div className="jp-mlops-Panel-line">
          <select
            ref={select}
            className="jp-mlops-Input"
            value={other.digest}
            aria-label={trans.__('Compare with')}
            onChange={event => setChosen(event.target.value)}
          >
            {others.map(each => (
              <option key={each.digest} value={each.digest}>
                {trans.__(
                  '%1, kept %2',
                  shortDigest(each.digest),
                  formatWhen(each.created)
                )}
              </option>
            ))}
          </select>
          <button type="submit" className="jp-mlops-Button jp-mod-accept">
            {trans.__('Compare')}
          </button>
          <button type="button" className="jp-mlops-Button" onClick={onClose}>
            {trans.__('Close')}
          </button>
        </div>
      )}
    </form>
  );
}

/** The newest that is older than a snapshot; where there is none, the newest of all. */
export function before(
  { created }: Snapshot,
  others: ReadonlyArray<Snapshot>
): Snapshot | undefined {
  const older = others.filter(other => other.created < created);
  return older[0] ?? others[0];
}
