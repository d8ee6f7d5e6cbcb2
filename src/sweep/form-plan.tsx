import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useId, useState } from 'react';

import type { ExecutorOffer, NotebookInfo } from '../api';
import { Field, Segments, Select, TextInput } from './form-fields';
import { PlaceFields, PodsField } from './form-place';
import { directionOf, isContinuous, type FormState } from './form-state';
import { formatCount } from './format';

export interface IPlanProps {
  info: NotebookInfo;
  state: FormState;
  /** Where trials can run. */
  offers: ReadonlyArray<ExecutorOffer>;
  /** What is wrong, by field. */
  problems: ReadonlyMap<string, string>;
  trials: number | null;
  trans: TranslationBundle;
  onChange: (change: Partial<FormState>) => void;
}

/** How the trials are chosen, run and ranked. */
export function Plan(props: IPlanProps): JSX.Element {
  const { info, state, problems, trans, onChange } = props;
  return (
    <>
      <Field label={trans.__('Algorithm')}>
        <Segments
          value={state.algorithm}
          label={trans.__('Algorithm')}
          options={[
            ['grid', trans.__('grid')],
            ['random', trans.__('random')]
          ]}
          onChange={algorithm => onChange({ algorithm })}
        />
        {state.algorithm === 'grid' && state.rows.some(isContinuous) && (
          <p className="jp-mlops-Hint">
            {trans.__('A grid needs lists, or ranges with a step.')}{' '}
            <button
              type="button"
              className="jp-mlops-Link"
              onClick={() => onChange({ algorithm: 'random' })}
            >
              {trans.__('Draw at random')}
            </button>
          </p>
        )}
      </Field>
      <TrialsField {...props} />
      <PlaceFields {...props} />
      <Field label={trans.__('Objective')}>
        <TextInput
          value={state.objective}
          label={trans.__('Objective: the metric that ranks the trials')}
          problem={problems.get('objective')}
          placeholder={trans.__('none: nothing is ranked')}
          suggestions={info.metrics}
          onChange={objective =>
            onChange(
              info.metrics.includes(objective)
                ? { objective, direction: directionOf(objective) }
                : { objective }
            )
          }
        />
      </Field>
      <Field label={trans.__('Best is')}>
        <Segments
          value={state.direction}
          label={trans.__('Best is the')}
          options={[
            ['maximize', trans.__('highest')],
            ['minimize', trans.__('lowest')]
          ]}
          onChange={direction => onChange({ direction })}
        />
      </Field>
      <More {...props} />
    </>
  );
}

/** A grid counts itself; of random draws there are as many as one asks for. */
function TrialsField(props: IPlanProps): JSX.Element {
  const { state, problems, trials, trans, onChange } = props;
  const problem = problems.get('trials');
  const id = useId();
  return (
    <Field label={trans.__('Trials')}>
      {state.algorithm === 'random' ? (
        <TextInput
          numeric
          value={state.trials}
          label={trans.__('Number of trials')}
          problem={problem}
          placeholder="20"
          onChange={text => onChange({ trials: text })}
        />
      ) : (
        <>
          <output className="jp-mlops-Plan-count" aria-describedby={id}>
            {trials === null
              ? '–'
              : trials === 1
                ? trans.__('1 (nothing varies yet)')
                : trans.__('%1 (every combination)', formatCount(trials))}
          </output>
          {problem && (
            <p id={id} className="jp-mlops-Problem">
              {problem}
            </p>
          )}
        </>
      )}
    </Field>
  );
}

/** What most people leave as it is. Opens by itself when something in it is wrong. */
function More(props: IPlanProps): JSX.Element {
  const { info, state, problems, trans, onChange } = props;
  const [open, setOpen] = useState(false);
  const wrong = ['trials_per_pod', 'experiment', 'seed', 'kernel'].some(field =>
    problems.has(field)
  );
  const kernels = info.kernels.includes(state.kernel)
    ? info.kernels
    : [state.kernel, ...info.kernels];
  return (
    <details
      className="jp-mlops-More"
      open={open || wrong}
      onToggle={event => setOpen(event.currentTarget.open)}
    >
      <summary>{trans.__('More')}</summary>
      <PodsField {...props} />
      <Field label={trans.__('Experiment')}>
        <TextInput
          value={state.experiment}
          label={trans.__('MLflow experiment')}
          problem={problems.get('experiment')}
          placeholder={info.experiment}
          onChange={experiment => onChange({ experiment })}
        />
      </Field>
      <Field label={trans.__('Seed')}>
        <TextInput
          numeric
          value={state.seed}
          label={trans.__('Seed of the random draws')}
          problem={problems.get('seed')}
          placeholder={trans.__('drawn and kept')}
          onChange={seed => onChange({ seed })}
        />
      </Field>
      <Field label={trans.__('Kernel')}>
        <Select
          value={state.kernel}
          label={trans.__('Kernel')}
          problem={problems.get('kernel')}
          options={kernels.map(kernel => [kernel, kernel] as const)}
          onChange={kernel => onChange({ kernel })}
        />
      </Field>
    </details>
  );
}
