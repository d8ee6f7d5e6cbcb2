import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useCallback, useMemo, useState } from 'react';

import type { ExecutorOffer, Sweep, Trial } from '../api';
import { SweepDetails } from './page-details';
import { SweepHead } from './page-head';
import { Split } from './page-split';
import type { ColumnChoices } from './table-columns';
import { TrialsView } from './table-view';
import { type ITrialPanelProps, TrialPanel, type TrialTab } from './trial';

/** What a person chose about the look of sweep pages; kept by the browser. */
export interface IPageTaste {
  readonly columns: ColumnChoices;
  /** Share of the width for the trial beside the table. */
  readonly share: number;
}

export const DEFAULT_TASTE: IPageTaste = { columns: {}, share: 0.32 };

/** What the page asks for; the same object for the life of a page. */
export interface IPageActions extends Omit<
  ITrialPanelProps['actions'],
  'showLog'
> {
  readonly pause: () => void;
  readonly resume: () => void;
  /** Stop the whole sweep. */
  readonly stopAll: () => void;
  /** Order a sweep as this one, of the same snapshot. */
  readonly again: () => void;
  readonly openSnapshot: (digest: string) => void;
  /** Ask the server again. */
  readonly retry: () => void;
}

export interface ISweepPageProps {
  /** Null until it is known. */
  sweep: Sweep | null;
  trials: ReadonlyMap<number, Trial>;
  revision: number;
  loading: boolean;
  /** Why what is shown may be old, in words. */
  trouble: string | null;
  /** Address of the sweep in MLflow. */
  mlflow: string | null;
  /** Where trials can run; empty until it is known. */
  offers: ReadonlyArray<ExecutorOffer>;
  visible: boolean;
  taste: IPageTaste;
  actions: IPageActions;
  trans: TranslationBundle;
  onTaste: (taste: IPageTaste) => void;
}

/** A sweep and its trials. */
export function SweepPage(props: ISweepPageProps): JSX.Element {
  const { sweep, trouble, actions, trans } = props;
  if (!sweep) {
    return (
      <div className="jp-mlops-Page jp-mod-waiting">
        {trouble ? (
          <Trouble {...props} words={trouble} />
        ) : (
          <p role="status">{trans.__('Loading the sweep…')}</p>
        )}
      </div>
    );
  }
  return (
    <div className="jp-mlops-Page">
      {trouble && <Trouble {...props} words={trouble} />}
      <SweepHead
        sweep={sweep}
        mlflow={props.mlflow}
        offers={props.offers}
        trans={trans}
        onPause={actions.pause}
        onResume={actions.resume}
        onStop={actions.stopAll}
        onAgain={actions.again}
      />
      <SweepDetails
        sweep={sweep}
        offers={props.offers}
        trans={trans}
        onCopy={actions.copy}
        onSnapshot={actions.openSnapshot}
      />
      <Trials {...props} sweep={sweep} />
    </div>
  );
}

/** One line at the top; what was known stays below it. */
function Trouble(props: {
  words: string;
  actions: IPageActions;
  trans: TranslationBundle;
}): JSX.Element {
  return (
    <p className="jp-mlops-Trouble" role="alert">
      <span>{props.words}</span>
      <button
        type="button"
        className="jp-mlops-Button"
        onClick={props.actions.retry}
      >
        {props.trans.__('Try again')}
      </button>
    </p>
  );
}

/** The table, and beside it the trial that is selected. */
function Trials(props: ISweepPageProps & { sweep: Sweep }): JSX.Element {
  const { sweep, trials, revision, loading, taste, trans, onTaste } = props;
  const [selected, setSelected] = useState<number | null>(null);
  const [tab, setTab] = useState<TrialTab>('notebook');
  const actions = useTrialActions(props.actions, setSelected, setTab);
  const trial = selected === null ? undefined : trials.get(selected);
  const close = (root: HTMLElement) => {
    setSelected(null);
    // The table knows which of its rows was the last.
    root.querySelector<HTMLElement>('[role="grid"]')?.focus();
  };
  return (
    <Split
      onEscape={trial ? close : undefined}
      share={taste.share}
      trans={trans}
      onShare={share => onTaste({ ...taste, share })}
      left={
        <TrialsView
          sweep={sweep}
          trials={trials}
          revision={revision}
          loading={loading}
          choices={taste.columns}
          selected={selected}
          actions={actions}
          trans={trans}
          onChoices={columns => onTaste({ ...taste, columns })}
          onSelect={setSelected}
        />
      }
      right={
        trial ? (
          <TrialPanel
            sweep={sweep}
            trial={trial}
            tab={tab}
            visible={props.visible}
            actions={actions}
            trans={trans}
            onTab={setTab}
            onClose={() => setSelected(null)}
          />
        ) : null
      }
    />
  );
}

/** The actions of the page with the one that only the page knows; the same object as long as they are the same. */
function useTrialActions(
  actions: IPageActions,
  setSelected: (index: number) => void,
  setTab: (tab: TrialTab) => void
): ITrialPanelProps['actions'] {
  const showLog = useCallback(
    (index: number) => {
      setSelected(index);
      setTab('log');
    },
    [setSelected, setTab]
  );
  return useMemo(() => ({ ...actions, showLog }), [actions, showLog]);
}
