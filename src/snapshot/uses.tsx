import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Sweep } from '../api';
import {
  endedCount,
  formatCount,
  formatMoment,
  formatWhen,
  type State,
  stateMark,
  stateWord
} from '../sweep/format';
import type { ISnapshotActions } from './page-head';
import type { LiveUse } from './page-model';
import { Section } from './parts';

export interface IUsesProps {
  uses: ReadonlyArray<LiveUse>;
  /** The verification whose differences are shown. */
  shown: string | null;
  actions: ISnapshotActions;
  trans: TranslationBundle;
}

/** What runs, or ran, the snapshot: sweeps, and verifications with their verdicts. */
export function Uses(props: IUsesProps): JSX.Element {
  const { uses, trans } = props;
  return (
    <Section
      title={trans.__('Used by')}
      count={uses.length > 0 ? formatCount(uses.length) : undefined}
    >
      {uses.length === 0 ? (
        <p className="jp-mlops-Hint">
          {trans.__(
            'Nothing has run this snapshot yet. Verify runs it clean and says whether it still does what it did; Sweep runs it with other parameters.'
          )}
        </p>
      ) : (
        <ul className="jp-mlops-Uses">
          {uses.map(use => (
            <Use key={use.id} {...props} use={use} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function Use(props: IUsesProps & { use: LiveUse }): JSX.Element {
  const { use, shown, actions, trans } = props;
  const verification = use.kind === 'verification';
  const mark = verdictMark(use) ?? [use.state, stateMark(use.state as State)];
  const name = verification
    ? trans.__('Verification')
    : use.name || trans.__('sweep %1', use.id.slice(0, 8));
  return (
    <li>
      <span className="jp-mlops-Mark" data-state={mark[0]} aria-hidden>
        {mark[1]}
      </span>
      <button
        type="button"
        className="jp-mlops-Link"
        title={trans.__('Open its page')}
        onClick={() => actions.openSweep(use.id)}
      >
        {name}
      </button>
      <span className="jp-mlops-Uses-state" role="status">
        {verification && use.verdict ? (
          <button
            type="button"
            className="jp-mlops-Link"
            aria-expanded={shown === use.id}
            title={trans.__('Show what was found')}
            onClick={() => actions.showResult(shown === use.id ? null : use.id)}
          >
            {use.reason || verdictWord(use.verdict, trans)}
          </button>
        ) : (
          stateWords(use, trans)
        )}
      </span>
      <span className="jp-mlops-quiet" title={formatMoment(use.started)}>
        {formatWhen(use.started)}
      </span>
    </li>
  );
}

/** State, and how far it is while it runs. */
function stateWords(use: LiveUse, trans: TranslationBundle): string {
  const { sweep, state, reason } = use;
  const word = stateWord(state as State, trans);
  if (use.ended === null && sweep) {
    return use.kind === 'verification'
      ? [word, reason].filter(Boolean).join(': ')
      : trans.__(
          '%1, %2/%3',
          word,
          formatCount(endedCount(sweep)),
          formatCount(sweep.total)
        );
  }
  return [word, reason].filter(Boolean).join(': ');
}

type Verdict = NonNullable<Sweep['verdict']>;

const VERDICTS: Readonly<Record<Verdict, readonly [State, string]>> = {
  reproduces: ['succeeded', '✓'],
  runs: ['succeeded', '✓'],
  differs: ['lost', '≠'],
  fails: ['failed', '✕']
};

function verdictMark({ verdict }: LiveUse): readonly [State, string] | null {
  return verdict ? VERDICTS[verdict] : null;
}

/** A verdict in a few words. */
export function verdictWord(
  verdict: Verdict,
  trans: TranslationBundle
): string {
  switch (verdict) {
    case 'reproduces':
      return trans.__('reproduces');
    case 'runs':
      return trans.__('runs');
    case 'differs':
      return trans.__('runs, outputs differ');
    case 'fails':
      return trans.__('fails');
  }
}
