import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useState } from 'react';

import type { Snapshot } from '../api';
import { formatMoment, formatWhen, shortDigest } from '../sweep/format';
import { gitWords } from './page-head';
import { notebookOf } from './page-model';
import { Trouble } from './parts';

export interface ISnapshotListProps {
  /** Newest first; null until they are known. */
  snapshots: ReadonlyArray<Snapshot> | null;
  /** The one notebook they are of; null for all. */
  notebook: string | null;
  /** Why they are not known, or are old, in words. */
  error: string | null;
  trans: TranslationBundle;
  onOpen: (digest: string) => void;
  onRetry: () => void;
}

/** What was kept, to find again. */
export function SnapshotList(props: ISnapshotListProps): JSX.Element {
  const { snapshots, notebook, error, trans, onRetry } = props;
  const title = notebook
    ? trans.__('Snapshots of %1', notebook)
    : trans.__('Snapshots');
  return (
    <div className="jp-mlops-Page jp-mod-scrolling">
      {error && <Trouble words={error} trans={trans} onRetry={onRetry} />}
      <header className="jp-mlops-Head">
        <h2>{title}</h2>
      </header>
      {snapshots === null ? (
        !error && (
          <p className="jp-mlops-Empty jp-mlops-Late" role="status">
            {trans.__('Asking for the snapshots…')}
          </p>
        )
      ) : snapshots.length === 0 ? (
        <p className="jp-mlops-Empty">
          {trans.__(
            'Nothing is kept yet. Press Snapshot in the toolbar of a notebook: it keeps the notebook, the files it imports and what is installed, to be run again later exactly as it is. Every sweep does so by itself.'
          )}
        </p>
      ) : (
        <Table {...props} snapshots={snapshots} title={title} />
      )}
    </div>
  );
}

function Table(
  props: ISnapshotListProps & {
    snapshots: ReadonlyArray<Snapshot>;
    title: string;
  }
): JSX.Element {
  const { snapshots, title, trans, onOpen } = props;
  const [filter, setFilter] = useState('');
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const matching = snapshots.filter(snapshot =>
    words.every(word => textOf(snapshot).includes(word))
  );
  return (
    <div className="jp-mlops-Parts jp-mod-single">
      <input
        type="search"
        className="jp-mlops-Input jp-mlops-List-filter"
        value={filter}
        placeholder={trans.__('Filter…')}
        aria-label={trans.__('Filter snapshots by notebook, digest or commit')}
        onChange={event => setFilter(event.target.value)}
      />
      {matching.length === 0 && (
        <p className="jp-mlops-Hint" role="status">
          {trans.__('No snapshot matches.')}
        </p>
      )}
      <table className="jp-mlops-Fields" aria-label={title}>
        <tbody>
          {matching.map(snapshot => {
            const at = snapshot.sighting?.taken ?? snapshot.created;
            return (
              <tr key={snapshot.digest}>
                <td>
                  <button
                    type="button"
                    className="jp-mlops-Link"
                    title={snapshot.digest}
                    onClick={() => onOpen(snapshot.digest)}
                  >
                    <code>{shortDigest(snapshot.digest)}</code>
                  </button>
                </td>
                <th scope="row">{notebookOf(snapshot)}</th>
                <td title={formatMoment(at)}>{formatWhen(at)}</td>
                <td>{snapshot.sighting?.user}</td>
                <td className="jp-mlops-quiet">
                  {snapshot.sighting?.git && gitWords(snapshot, trans)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function textOf(snapshot: Snapshot): string {
  const { digest, sighting } = snapshot;
  return [
    digest,
    notebookOf(snapshot),
    sighting?.user,
    sighting?.git?.commit,
    sighting?.git?.branch
  ]
    .join(' ')
    .toLowerCase();
}
