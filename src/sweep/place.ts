import type { TranslationBundle } from '@jupyterlab/translation';

import type { ExecutorOffer, ProfileOffer, Sweep } from '../api';
import { formatCount } from './format';

/** Where the trials of a form run. Texts as typed; empty means the first that is offered, or its default. */
export type PlaceState = {
  executor: string;
  profile: string;
  /** Pods at once: another text than that of trials at once on this machine, so that neither is lost. */
  pods: string;
  trialsPerPod: string;
};

/** What a form's choice of a place means, among what is offered. */
export interface IPlace {
  /** Undefined where the executor is not offered here, or it is not known yet what is. */
  readonly offer: ExecutorOffer | undefined;
  /** Undefined where there is none of that name, or none at all. */
  readonly profile: ProfileOffer | undefined;
  /** Whether trials run in pods, of a compute profile. */
  readonly hasPods: boolean;
  /** Whether there is something to choose, or to say, of executors. */
  readonly isShown: boolean;
}

/** The executor and the profile that a form has chosen. */
export function placeOf(
  { executor, profile }: Pick<PlaceState, 'executor' | 'profile'>,
  offers: ReadonlyArray<ExecutorOffer>
): IPlace {
  const offer = executor
    ? offers.find(({ name }) => name === executor)
    : offers[0];
  const profiles = offer?.profiles ?? [];
  return {
    offer,
    profile: profile
      ? profiles.find(({ name }) => name === profile)
      : profiles[0],
    // An executor that is not offered any more had pods if a profile is named with it.
    hasPods: offer
      ? profiles.length > 0
      : !isHere(executor || 'local') && profile !== '',
    isShown:
      offers.length > 1 ||
      Boolean(offer?.problem) ||
      (offers.length > 0 && offer === undefined)
  };
}

/** A choice of an earlier time, without what is not offered any more. */
export function offeredPlace<T extends PlaceState>(
  state: T,
  offers: ReadonlyArray<ExecutorOffer>
): T {
  if (offers.length === 0) {
    return state;
  }
  const { offer } = placeOf(state, offers);
  if (!offer) {
    return { ...state, executor: '', profile: '' };
  }
  const isKnown = offers.some(({ profiles }) =>
    profiles.some(({ name }) => name === state.profile)
  );
  return isKnown ? state : { ...state, profile: '' };
}

/** What a request says of where it runs, and how many at once there. */
export const PLACE_FIELDS: ReadonlyArray<string> = [
  'executor',
  'profile',
  'parallelism',
  'trials_per_pod'
];

/** Fields of a request that say where, as far as a form shows them. */
export function placeFields(place: IPlace): string[] {
  return [
    ...(place.isShown ? ['executor'] : []),
    ...(place.hasPods ? ['profile', 'trials_per_pod'] : [])
  ];
}

/** What the form calls a field of a request, so that who reads of it finds it. */
export function fieldWord(
  field: string,
  { hasPods }: IPlace,
  trans: TranslationBundle
): string {
  switch (field) {
    case 'executor':
      return trans.__('Run on');
    case 'profile':
      return trans.__('Profile');
    case 'parallelism':
      return hasPods ? trans.__('Pods at once') : trans.__('At once');
    case 'trials_per_pod':
      return trans.__('Trials per pod');
    default:
      return field.replace(/^parameters\./, '');
  }
}

/** An executor's name for people; within a sentence. */
export function executorWord(name: string, trans: TranslationBundle): string {
  switch (name) {
    case 'local':
      return trans.__('this machine');
    case 'kubernetes':
      return trans.__('Kubernetes');
    default:
      return name;
  }
}

/** That nothing can run there; why stands beside the choice. Empty when it can. */
export function unusableWords(
  { offer }: IPlace,
  trans: TranslationBundle
): string {
  return offer?.problem
    ? trans.__(
        '%1 cannot be used as it is set up; see “Run on”.',
        executorWord(offer.name, trans)
      )
    : '';
}

/** Whether trials run on the machine of the Jupyter server. */
export function isHere(executor: string): boolean {
  return executor === 'local';
}

/** How many trials run at once by themselves on the machine of the Jupyter server, if any do. */
export function atOnceHere(
  offers: ReadonlyArray<ExecutorOffer>
): number | undefined {
  return offers.find(({ name }) => isHere(name))?.parallelism;
}

/** Where a sweep runs, such as "Kubernetes · GPU small · 10 pods at once". */
export function placeWords(
  sweep: Sweep,
  offers: ReadonlyArray<ExecutorOffer>,
  trans: TranslationBundle
): string {
  const { executor, parallelism, profile } = sweep;
  const { profile: known } = placeOf(sweep, offers);
  const count = formatCount(parallelism);
  const atOnce = profile
    ? trans._n('%2 pod at once', '%2 pods at once', parallelism, count)
    : trans.__('%1 at once', count);
  return [executorWord(executor, trans), known?.title ?? profile, atOnce]
    .filter(Boolean)
    .join(' · ');
}

/** Whether Pause ends what runs: a suspended Job of a cluster has no pods. */
export function interruptsOnPause(sweep: Sweep): boolean {
  return sweep.executor === 'kubernetes';
}

/** What Pause does to a sweep. */
export function pauseWords(sweep: Sweep, trans: TranslationBundle): string {
  return interruptsOnPause(sweep)
    ? trans.__(
        'Start no further trials; running ones are interrupted, and begin again on Resume'
      )
    : trans.__('Start no further trials; running ones end');
}
