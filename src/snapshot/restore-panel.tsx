import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect, useId, useRef, useState } from 'react';

import type { EnvironmentState, Snapshot } from '../api';
import type { ISnapshotActions } from './page-head';
import { type RestoreModel, suggestedFolder } from './restore-model';

export interface IRestorePanelProps {
  snapshot: Snapshot;
  restore: RestoreModel;
  actions: ISnapshotActions;
  trans: TranslationBundle;
  onClose: () => void;
}

/** Asks for a folder, and says how far the rebuilding is. */
export function RestorePanel(props: IRestorePanelProps): JSX.Element {
  const { snapshot, restore, actions, trans, onClose } = props;
  const [folder, setFolder] = useState(suggestedFolder(snapshot));
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => input.current?.select(), []);
  return (
    <form
      className="jp-mlops-Panel"
      aria-label={trans.__('Restore the snapshot')}
      onSubmit={event => {
        event.preventDefault();
        if (folder.trim()) {
          actions.restore(folder.trim());
        }
      }}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          onClose();
        }
      }}
    >
      <div className="jp-mlops-Panel-line">
        <label htmlFor={id}>{trans.__('Folder')}</label>
        <input
          id={id}
          ref={input}
          className="jp-mlops-Input"
          value={folder}
          spellCheck={false}
          onChange={event => setFolder(event.target.value)}
        />
        <button
          type="submit"
          className="jp-mlops-Button jp-mod-accept"
          disabled={restore.running || !folder.trim()}
        >
          {restore.running ? trans.__('Restoring…') : trans.__('Restore')}
        </button>
        <button type="button" className="jp-mlops-Button" onClick={onClose}>
          {trans.__('Close')}
        </button>
      </div>
      {!restore.restored && !restore.error && (
        <p className="jp-mlops-Hint">
          {trans.__(
            'From the folder in which Jupyter runs; one that is not there yet, or is empty. The notebook, its files and its environment come back as they were.'
          )}
        </p>
      )}
      {restore.error && (
        <p className="jp-mlops-Problem" role="alert">
          {restore.error}
        </p>
      )}
      <Progress {...props} />
    </form>
  );
}

function Progress(props: IRestorePanelProps): JSX.Element | null {
  const { restore, actions, trans } = props;
  const { environment, notebook, restored } = restore;
  if (!restored || notebook === null) {
    return null;
  }
  const kernel = environment?.kernel ?? '';
  return (
    <>
      <p role="status" className="jp-mlops-Panel-status">
        {trans._n(
          '%1 file is in %2.',
          '%1 files are in %2.',
          restored.files,
          restored.folder
        )}{' '}
        <EnvironmentWords environment={environment} trans={trans} />
      </p>
      {restored.notes.map(note => (
        <p key={note} className="jp-mlops-Hint">
          {note}
        </p>
      ))}
      {environment?.status !== 'building' && (
        <button
          type="button"
          className="jp-mlops-Button jp-mod-accept"
          onClick={() => actions.openNotebook(notebook, kernel)}
        >
          {trans.__('Open it')}
        </button>
      )}
    </>
  );
}

function EnvironmentWords(props: {
  environment: EnvironmentState | null;
  trans: TranslationBundle;
}): JSX.Element {
  const { environment, trans } = props;
  const { status, message, kernel } = environment ?? {};
  switch (status) {
    case undefined:
      return (
        <>
          {trans.__(
            'The snapshot knows of no environment: the notebook runs in the kernel you choose.'
          )}
        </>
      );
    case 'ready':
      return (
        <>
          <span className="jp-mlops-Mark" data-state="succeeded" aria-hidden>
            ✓
          </span>{' '}
          {kernel
            ? trans.__('Its environment is ready, as kernel %1.', kernel)
            : trans.__('Its environment is ready.')}
        </>
      );
    case 'failed':
      return (
        <>
          <span className="jp-mlops-Mark" data-state="failed" aria-hidden>
            ✕
          </span>{' '}
          {trans.__('Its environment could not be rebuilt: %1', message)}
        </>
      );
    default:
      return (
        <>
          <span className="jp-mlops-Mark" data-state="running" aria-hidden>
            ●
          </span>{' '}
          {message || trans.__('Its environment is being rebuilt…')}
        </>
      );
  }
}
