import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

/** What a section will hold one day, and what one does until then. */
export function Coming(props: {
  what: 'datasets' | 'deployments';
  trans: TranslationBundle;
}): JSX.Element {
  const { what, trans } = props;
  const [promise, meanwhile] =
    what === 'datasets'
      ? [
          trans.__(
            'Not there yet: versions of your data, each with a profile and the trials that used it.'
          ),
          trans.__(
            'Until then, mlflow.log_input(…) in the notebook notes with each trial what data it read.'
          )
        ]
      : [
          trans.__(
            'Not there yet: the best trial’s model as a REST endpoint, in the environment it was trained in.'
          ),
          trans.__(
            'Until then, log the model in the notebook and serve it in a terminal: mlflow models serve -m runs:/RUN/model'
          )
        ];
  return (
    <div className="jp-mlops-Empty">
      <p>{promise}</p>
      <p>{meanwhile}</p>
    </div>
  );
}
