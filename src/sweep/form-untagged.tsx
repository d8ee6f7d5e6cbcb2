import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useState } from 'react';

import type { CodeCell } from '../notebooks';

export interface IUntaggedProps {
  /** The notebook's code cells; null while they are being read. */
  cells: ReadonlyArray<CodeCell> | null;
  /** Index of the cell that looks like the one. */
  suggested: number | null;
  trans: TranslationBundle;
  onTag: (cell: number) => void;
}

/** What to do with a notebook none of whose cells is tagged `parameters`. */
export function Untagged(props: IUntaggedProps): JSX.Element {
  const { cells, suggested, trans, onTag } = props;
  const [chosen, setChosen] = useState<number | null>(null);
  const cell = chosen ?? suggested ?? cells?.[0]?.index ?? null;
  return (
    <div className="jp-mlops-Untagged">
      <p>
        {trans.__(
          'No cell of this notebook is tagged “parameters”, so there is nothing to vary yet.'
        )}
      </p>
      <p>
        {trans.__(
          'Put the values you want to vary into one code cell, such as lr = 0.01, and tag that cell: a trial then runs the notebook with other values in it.'
        )}
      </p>
      {cell !== null && (
        <div className="jp-mlops-Untagged-choice">
          <select
            className="jp-mlops-Input"
            value={cell}
            aria-label={trans.__('Cell with the parameters')}
            onChange={event => setChosen(Number(event.target.value))}
          >
            {(cells?.length ? cells : [{ index: cell, line: '' }]).map(
              ({ index, line }) => (
                <option key={index} value={index}>
                  {trans.__('Cell %1: %2', index + 1, line.slice(0, 60))}
                </option>
              )
            )}
          </select>
          <button
            type="button"
            className="jp-mlops-Button"
            onClick={() => onTag(cell)}
          >
            {trans.__('Tag cell %1 as parameters', cell + 1)}
          </button>
        </div>
      )}
      <p className="jp-mlops-Hint">
        {trans.__(
          'By hand: select the cell, open the property inspector in the right sidebar, and add the tag under Common Tools.'
        )}
      </p>
    </div>
  );
}
