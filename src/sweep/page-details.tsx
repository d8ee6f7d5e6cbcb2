import type { TranslationBundle } from '@jupyterlab/translation';
import { copyIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { ExecutorOffer, Sweep } from '../api';
import {
  exactValue,
  formatMoment,
  formatValue,
  formatWhen,
  shortDigest
} from './format';
import { placeWords } from './place';
import { IconButton } from './table-row';

/** A list of values is shown up to here. */
const MANY_VALUES = 12;

export interface IDetailsProps {
  sweep: Sweep;
  /** Where trials can run. */
  offers: ReadonlyArray<ExecutorOffer>;
  trans: TranslationBundle;
  onCopy: (text: string) => void;
  onSnapshot: (digest: string) => void;
}

/** What was ordered, by whom and when; closed until asked for. */
export function SweepDetails(props: IDetailsProps): JSX.Element {
  const { sweep, trans, onCopy, onSnapshot } = props;
  const { snapshot, started, ended } = sweep;
  return (
    <details className="jp-mlops-Details">
      <summary>{trans.__('Details')}</summary>
      <dl className="jp-mlops-Facts">
        <Fact name={trans.__('notebook')}>{sweep.notebook}</Fact>
        {snapshot && (
          <Fact name={trans.__('snapshot')}>
            <button
              type="button"
              className="jp-mlops-Link"
              title={trans.__('Show snapshot %1', snapshot)}
              onClick={() => onSnapshot(snapshot)}
            >
              <code>{shortDigest(snapshot)}</code>
            </button>
            <IconButton
              icon={copyIcon}
              label={trans.__('Copy the digest of the snapshot')}
              onClick={() => onCopy(snapshot)}
            />
          </Fact>
        )}
        <Fact name={trans.__('algorithm')}>{sweep.algorithm}</Fact>
        <Fact name={trans.__('runs on')}>
          {placeWords(sweep, props.offers, trans)}
        </Fact>
        <Fact name={trans.__('seed')}>{sweep.seed}</Fact>
        <Fact name={trans.__('kernel')}>{sweep.kernel}</Fact>
        <Fact name={trans.__('objective')}>{objectiveWords(props)}</Fact>
        <Fact name={trans.__('experiment')}>{sweep.experiment}</Fact>
        <Fact name={trans.__('started')}>
          <span title={formatMoment(started)}>{formatWhen(started)}</span>
          {sweep.user && ` ${trans.__('by %1', sweep.user)}`}
        </Fact>
        {ended !== null && (
          <Fact name={trans.__('ended')}>
            <span title={formatMoment(ended)}>{formatWhen(ended)}</span>
          </Fact>
        )}
        {Object.entries(sweep.parameters).map(([name, dimension]) => (
          <Fact key={`parameter ${name}`} name={<code>{name}</code>}>
            {dimensionWords(dimension, trans)}
          </Fact>
        ))}
      </dl>
    </details>
  );
}

function Fact(props: {
  name: React.ReactNode;
  children: React.ReactNode;
}): JSX.Element {
  return (
    <>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </>
  );
}

function objectiveWords({ sweep, trans }: IDetailsProps): string {
  const { direction, objective } = sweep;
  if (!objective) {
    return trans.__('none: trials are not ranked');
  }
  return direction === 'maximize'
    ? trans.__('%1, the greater the better', objective)
    : trans.__('%1, the smaller the better', objective);
}

/** What a parameter is tried with: "0.01 … 10 log", "l1, l2", "1 in every trial". */
export function dimensionWords(
  dimension: Sweep['parameters'][string],
  trans: TranslationBundle
): string {
  switch (dimension.kind) {
    case 'fixed':
      return trans.__('%1 in every trial', exactValue(dimension.value));
    case 'list': {
      const { values } = dimension;
      const words = values.slice(0, MANY_VALUES).map(formatValue).join(', ');
      const rest = values.length - MANY_VALUES;
      return rest > 0 ? trans.__('%1 and %2 more', words, rest) : words;
    }
    case 'range': {
      const { low, high, scale, step } = dimension;
      const words = [
        `${formatValue(low)} … ${formatValue(high)}`,
        scale && scale !== 'linear' ? scale : '',
        step ? trans.__('in steps of %1', formatValue(step)) : ''
      ];
      return words.filter(Boolean).join(' ');
    }
  }
}
