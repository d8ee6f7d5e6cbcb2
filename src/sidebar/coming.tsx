import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

/** What a section will hold one day, and what one does until then. */
export function Coming(props: {
  what: 'datasets' | 'deployments';
  trans: TranslationBundle;
}): JSX.Element {
  const { what, trans } = props;
  const [promise, meanwhile, code] =
    what === 'datasets'
      ? [
          trans.__(
            'Not there yet: versions of your data, each with a profile and the trials that used it.'
          ),
          trans.__(
            'Until then, this line in the notebook notes with each trial what it read:'
          ),
          'mlflow.log_input(mlflow.data.from_pandas(df))'
        ]
      : [
          trans.__(
            'Not there yet: the best trial’s model as a REST endpoint, in the environment it was trained in.'
          ),
          trans.__(
            'Until then, log the model in the notebook: MLflow’s page of the trial shows the code that loads it again.'
          ),
          ''
        ];
  return (
    <div className="jp-mlops-Empty">
      <p>{promise}</p>
      <p>
        {meanwhile} {code && <code>{code}</code>}
      </p>
    </div>
  );
}
