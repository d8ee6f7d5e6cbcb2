import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useId } from 'react';

import type { ExecutorOffer, NotebookInfo, ProfileOffer } from '../api';
import { Field, Segments, Select, TextInput } from './form-fields';
import type { FormState } from './form-state';
import { formatCount } from './format';
import { executorWord, placeOf } from './place';

/** More than this many words beside each other do not fit. */
const FEW = 2;

export interface IPlaceProps {
  info: NotebookInfo;
  state: FormState;
  /** Where trials can run; empty until it is known. */
  offers: ReadonlyArray<ExecutorOffer>;
  /** What is wrong, by field. */
  problems: ReadonlyMap<string, string>;
  trans: TranslationBundle;
  onChange: (change: Partial<FormState>) => void;
}

/** Where the trials run, on what, and how many at once. */
export function PlaceFields(props: IPlaceProps): JSX.Element {
  const { info, state, offers, problems, trans, onChange } = props;
  const { offer, hasPods, isShown } = placeOf(state, offers);
  return (
    <>
      {isShown && <ExecutorField {...props} />}
      {hasPods && <ProfileField {...props} />}
      {hasPods ? (
        <PodsAtOnce {...props} />
      ) : (
        <Field label={trans.__('At once')}>
          <TextInput
            numeric
            value={state.parallelism}
            label={trans.__('Trials at once')}
            problem={problems.get('parallelism')}
            placeholder={String(offer?.parallelism ?? info.parallelism)}
            onChange={parallelism => onChange({ parallelism })}
          />
        </Field>
      )}
    </>
  );
}

function ExecutorField(props: IPlaceProps): JSX.Element {
  const { state, offers, problems, trans, onChange } = props;
  const { offer } = placeOf(state, offers);
  const chosen = offer?.name ?? state.executor;
  const names = offers.map(({ name }) => name);
  const all = names.includes(chosen) ? names : [...names, chosen];
  const Choice = all.length > FEW ? Select : Segments;
  return (
    <Field label={trans.__('Run on')} field="executor">
      <Choice
        value={chosen}
        label={trans.__('Run on')}
        problem={problems.get('executor') ?? (offer?.problem || undefined)}
        options={all.map(name => [name, executorWord(name, trans)] as const)}
        onChange={executor => {
          const { profile, hasPods } = placeOf({ ...state, executor }, offers);
          // A profile is one executor's; it is kept for who comes back to that one.
          onChange(
            hasPods && !profile ? { executor, profile: '' } : { executor }
          );
        }}
      />
    </Field>
  );
}

function ProfileField(props: IPlaceProps): JSX.Element {
  const { state, offers, problems, trans, onChange } = props;
  const { offer, profile } = placeOf(state, offers);
  const id = useId();
  const known = (offer?.profiles ?? []).map(
    ({ name, title }) => [name, title] as const
  );
  return (
    <Field label={trans.__('Profile')}>
      <Select
        value={profile?.name ?? state.profile}
        label={trans.__('Compute profile')}
        problem={problems.get('profile')}
        describedBy={profile && id}
        options={profile ? known : [...known, [state.profile, state.profile]]}
        onChange={name => onChange({ profile: name })}
      />
      {profile && <About id={id} profile={profile} trans={trans} />}
    </Field>
  );
}

/** What a profile is for, and what each pod of it gets. */
function About(props: {
  id: string;
  profile: ProfileOffer;
  trans: TranslationBundle;
}): JSX.Element {
  const { id, profile, trans } = props;
  const { description, queue } = profile;
  // A number and what it counts stay on one line.
  const resources = profile.resources
    .split(', ')
    .map(part => part.replace(/ /g, '\u00a0'))
    .join(', ');
  return (
    <div id={id} className="jp-mlops-Plan-profile">
      {description && <p>{description}</p>}
      <p className="jp-mlops-Hint">{trans.__('Each pod: %1', resources)}</p>
      {queue && (
        <p className="jp-mlops-Hint">{trans.__('Waits in queue %1', queue)}</p>
      )}
    </div>
  );
}

function PodsAtOnce(props: IPlaceProps): JSX.Element {
  const { state, offers, problems, trans, onChange } = props;
  const { profile } = placeOf(state, offers);
  const most = profile?.max_parallelism ?? null;
  const usual = profile ? formatCount(profile.parallelism) : '';
  return (
    <Field label={trans.__('Pods at once')}>
      <TextInput
        numeric
        value={state.pods}
        label={
          most === null
            ? trans.__('Pods at once')
            : trans.__('Pods at once, %1 at most', formatCount(most))
        }
        problem={problems.get('parallelism')}
        placeholder={
          most === null
            ? usual
            : trans.__('%1 (at most %2)', usual, formatCount(most))
        }
        onChange={pods => onChange({ pods })}
      />
    </Field>
  );
}

/** Where a trial takes seconds, starting a pod for each takes longer than the trials. */
export function PodsField(props: IPlaceProps): JSX.Element | null {
  const { state, offers, problems, trans, onChange } = props;
  const { hasPods, profile } = placeOf(state, offers);
  return hasPods ? (
    <Field label={trans.__('Trials per pod')}>
      <TextInput
        numeric
        value={state.trialsPerPod}
        label={trans.__('Trials per pod, one after another')}
        problem={problems.get('trials_per_pod')}
        placeholder={String(profile?.trials_per_pod ?? 1)}
        onChange={trialsPerPod => onChange({ trialsPerPod })}
      />
    </Field>
  ) : null;
}
