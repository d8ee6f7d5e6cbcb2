import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import {
  Datasets,
  Files,
  Git,
  NotebookPart,
  Notes,
  Packages
} from './page-body';
import { type ISnapshotActions, SnapshotHead } from './page-head';
import type { SnapshotPageModel } from './page-model';
import { Trouble } from './parts';
import { Result } from './result';
import { Uses } from './uses';

export interface ISnapshotPageProps {
  /** Changes in place: draw again on its signal. */
  page: SnapshotPageModel;
  actions: ISnapshotActions;
  trans: TranslationBundle;
}

/** A snapshot: what ran it, what it holds, and what can be done with it. */
export function SnapshotPage(props: ISnapshotPageProps): JSX.Element {
  const { page, actions, trans } = props;
  const { details, error } = page;
  if (!details) {
    return (
      <div className="jp-mlops-Page jp-mod-waiting">
        {error ? (
          <Trouble words={error} trans={trans} onRetry={actions.retry} />
        ) : (
          <p className="jp-mlops-Late" role="status">
            {trans.__('Loading the snapshot…')}
          </p>
        )}
      </div>
    );
  }
  const { snapshot } = details;
  const part = { snapshot, trans };
  return (
    <div className="jp-mlops-Page jp-mod-scrolling">
      {error && <Trouble words={error} trans={trans} onRetry={actions.retry} />}
      <SnapshotHead {...props} details={details} />
      <div className="jp-mlops-Parts">
        <div className="jp-mlops-Parts-main">
          <Uses
            uses={page.uses}
            shown={page.result?.id ?? null}
            actions={actions}
            trans={trans}
          />
          {page.result && (
            <Result
              result={page.result}
              trans={trans}
              onClose={() => actions.showResult(null)}
            />
          )}
          <Packages {...part} />
        </div>
        <div className="jp-mlops-Parts-side">
          <Notes {...part} />
          <NotebookPart {...part} details={details} />
          <Files {...part} />
          <Git {...part} />
          <Datasets {...part} />
        </div>
      </div>
    </div>
  );
}
