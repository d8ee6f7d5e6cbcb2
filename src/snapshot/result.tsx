import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import React from 'react';

import { IconButton } from '../sweep/table-row';
import type { IShownResult } from './page-model';
import { DiffLines, Section } from './parts';

/** What a verification found: its verdict, and each cell whose outputs differ. */
export function Result(props: {
  result: IShownResult;
  trans: TranslationBundle;
  onClose: () => void;
}): JSX.Element {
  const { result, trans, onClose } = props;
  const { value, error } = result;
  return (
    <Section title={trans.__('What the verification found')}>
      <span className="jp-mlops-Part-close">
        <IconButton
          icon={closeIcon}
          label={trans.__('Hide what the verification found')}
          onClick={onClose}
        />
      </span>
      {error !== null && (
        <p className="jp-mlops-Problem" role="alert">
          {error}
        </p>
      )}
      {value === null && error === null && (
        <p className="jp-mlops-Late" role="status">
          {trans.__('Reading…')}
        </p>
      )}
      {value && (
        <>
          <p role="status">{value.sentence}</p>
          {value.reference && (
            <p className="jp-mlops-Hint">
              {trans.__('Compared with %1.', value.reference)}
            </p>
          )}
          {value.cells.map(({ cell, lines }) => (
            <React.Fragment key={cell}>
              <h4>{trans.__('Outputs of cell %1', cell + 1)}</h4>
              <DiffLines
                lines={lines}
                label={trans.__('How the outputs of cell %1 differ', cell + 1)}
              />
            </React.Fragment>
          ))}
        </>
      )}
    </Section>
  );
}
