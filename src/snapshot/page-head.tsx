import type { TranslationBundle } from '@jupyterlab/translation';
import { copyIcon } from '@jupyterlab/ui-components';
import React, { useState } from 'react';

import type { Snapshot, SnapshotDetails } from '../api';
import { sweepIcon } from '../icons';
import { formatMoment, formatWhen, shortDigest } from '../sweep/format';
import { IconButton } from '../sweep/table-row';
import { ComparePanel } from './compare-panel';
import type { SnapshotPageModel } from './page-model';
import { HeadButton } from './parts';
import { RestorePanel } from './restore-panel';

/** What a snapshot's page asks for; the same object for the life of a page. */
export interface ISnapshotActions {
  readonly verify: () => void;
  readonly restore: (folder: string) => void;
  /** Open a restored notebook, with the kernel of its environment where there is one. */
  readonly openNotebook: (path: string, kernel: string) => void;
  readonly compare: (other: Snapshot) => void;
  /** Order a sweep of the snapshot, filled in as for an earlier one where there was one. */
  readonly sweep: (again: string | null) => void;
  readonly openSweep: (id: string) => void;
  readonly showResult: (id: string | null) => void;
  /** Show all snapshots of a notebook. */
  readonly showAll: (notebook: string) => void;
  readonly copy: (text: string) => void;
  readonly retry: () => void;
}

export interface IHeadProps {
  details: SnapshotDetails;
  page: SnapshotPageModel;
  actions: ISnapshotActions;
  trans: TranslationBundle;
}

/** What it is, where it came from, and what can be done with it. */
export function SnapshotHead(props: IHeadProps): JSX.Element {
  const { details, page, actions, trans } = props;
  const { snapshot } = details;
  const [panel, setPanel] = useState<'restore' | 'compare' | null>(null);
  const toggle = (which: 'restore' | 'compare') =>
    setPanel(panel === which ? null : which);
  const last = details.uses.find(({ kind }) => kind === 'sweep') ?? null;
  return (
    <header className="jp-mlops-Head">
      <div className="jp-mlops-Head-line">
        <h2>{snapshot.manifest.name}</h2>
        <span className="jp-mlops-Head-digest">
          {trans.__('snapshot')}{' '}
          <code title={snapshot.digest}>{shortDigest(snapshot.digest)}</code>
          <IconButton
            icon={copyIcon}
            label={trans.__('Copy the digest')}
            onClick={() => actions.copy(snapshot.digest)}
          />
        </span>
        <div
          className="jp-mlops-Head-buttons"
          role="group"
          aria-label={trans.__('Snapshot')}
        >
          <HeadButton
            icon={sweepIcon}
            label={last ? trans.__('Sweep again…') : trans.__('Sweep…')}
            title={
              last
                ? trans.__('Order a sweep of this snapshot, as the last one')
                : trans.__('Order a sweep of this snapshot')
            }
            onClick={() => actions.sweep(last?.id ?? null)}
          />
          <HeadButton
            label={page.starting ? trans.__('Starting…') : trans.__('Verify')}
            title={trans.__('Run it clean, and compare what it says')}
            disabled={page.starting}
            onClick={actions.verify}
          />
          <HeadButton
            label={trans.__('Restore…')}
            title={trans.__('Lay its files out and rebuild its environment')}
            expanded={panel === 'restore'}
            onClick={() => toggle('restore')}
          />
          <HeadButton
            label={trans.__('Compare…')}
            title={trans.__('See how it differs from another one')}
            expanded={panel === 'compare'}
            onClick={() => toggle('compare')}
          />
        </div>
      </div>
      <p className="jp-mlops-quiet">
        <Origin {...props} />
      </p>
      {page.refusal && (
        <p className="jp-mlops-Problem" role="alert">
          {page.refusal}
        </p>
      )}
      {panel === 'restore' && (
        <RestorePanel
          snapshot={snapshot}
          restore={page.restore}
          actions={actions}
          trans={trans}
          onClose={() => setPanel(null)}
        />
      )}
      {panel === 'compare' && (
        <ComparePanel
          snapshot={snapshot}
          others={page.others}
          trans={trans}
          onCompare={actions.compare}
          onClose={() => setPanel(null)}
        />
      )}
    </header>
  );
}

/** Such as "kept 2 hours ago by ada · work/digits.ipynb · commit 1a2b3c4 on main". */
function Origin({ details, actions, trans }: IHeadProps): JSX.Element {
  const { snapshot } = details;
  const { sighting, created } = snapshot;
  const at = sighting?.taken ?? created;
  const user = sighting?.user;
  const notebook = sighting?.notebook;
  return (
    <>
      <span title={formatMoment(at)}>
        {user
          ? trans.__('kept %1 by %2', formatWhen(at), user)
          : trans.__('kept %1', formatWhen(at))}
      </span>
      {sighting?.git && <span> · {gitWords(snapshot, trans)}</span>}
      {notebook && (
        <>
          {' · '}
          <button
            type="button"
            className="jp-mlops-Link"
            title={trans.__('Show all snapshots of this notebook')}
            onClick={() => actions.showAll(notebook)}
          >
            {notebook}
          </button>
        </>
      )}
    </>
  );
}

/** Where the notebook stood in its repository, in a line. */
export function gitWords(
  { sighting }: Snapshot,
  trans: TranslationBundle
): string {
  const git = sighting?.git;
  if (!git) {
    return trans.__('not in a git repository');
  }
  const commit = git.commit.slice(0, 7);
  const place = git.branch
    ? trans.__('commit %1 on %2', commit, git.branch)
    : trans.__('commit %1', commit);
  return git.dirty
    ? trans.__('%1, with changes that were not committed', place)
    : place;
}
