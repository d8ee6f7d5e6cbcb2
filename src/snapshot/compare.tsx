import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type {
  CellDifference,
  FieldDifference,
  Snapshot,
  SnapshotDiff
} from '../api';
import {
  formatCount,
  formatMoment,
  formatWhen,
  shortDigest
} from '../sweep/format';
import {
  changeMark,
  changeWord,
  DiffLines,
  HeadButton,
  Section,
  Trouble
} from './parts';

export interface ICompareProps {
  /** Null until it is known. */
  diff: SnapshotDiff | null;
  /** Why it is not known, in words. */
  error: string | null;
  trans: TranslationBundle;
  onOpen: (digest: string) => void;
  onSwap: () => void;
  onRetry: () => void;
}

/** Everything in which two snapshots differ, and nothing else. */
export function ComparePage(props: ICompareProps): JSX.Element {
  const { diff, error, trans, onRetry } = props;
  if (!diff) {
    return (
      <div className="jp-mlops-Page jp-mod-waiting">
        {error ? (
          <Trouble words={error} trans={trans} onRetry={onRetry} />
        ) : (
          <p className="jp-mlops-Late" role="status">
            {trans.__('Comparing…')}
          </p>
        )}
      </div>
    );
  }
  const fields: [string, FieldDifference[]][] = [
    [trans.__('About the notebook'), diff.notebook],
    [trans.__('Environment'), diff.environment],
    [trans.__('Packages'), diff.packages],
    [trans.__('Files'), diff.files],
    [trans.__('Datasets'), diff.datasets],
    [trans.__('Git'), diff.git]
  ];
  const nothing =
    diff.cells.length === 0 && fields.every(([, list]) => list.length === 0);
  return (
    <div className="jp-mlops-Page jp-mod-scrolling">
      {error && <Trouble words={error} trans={trans} onRetry={onRetry} />}
      <CompareHead {...props} diff={diff} />
      <div className="jp-mlops-Parts jp-mod-single">
        {nothing && (
          <p className="jp-mlops-Empty" role="status">
            {trans.__('Nothing differs: they hold the same.')}
          </p>
        )}
        {diff.cells.length > 0 && <Cells cells={diff.cells} trans={trans} />}
        {fields.map(
          ([title, list]) =>
            list.length > 0 && (
              <Fields key={title} title={title} list={list} trans={trans} />
            )
        )}
      </div>
    </div>
  );
}

function CompareHead(
  props: ICompareProps & { diff: SnapshotDiff }
): JSX.Element {
  const { diff, trans, onOpen, onSwap } = props;
  return (
    <header className="jp-mlops-Head">
      <div className="jp-mlops-Head-line">
        <h2>
          {diff.left.manifest.name === diff.right.manifest.name
            ? trans.__('Compare %1', diff.right.manifest.name)
            : trans.__(
                'Compare %1 and %2',
                diff.left.manifest.name,
                diff.right.manifest.name
              )}
        </h2>
        <div
          className="jp-mlops-Head-buttons"
          role="group"
          aria-label={trans.__('Comparison')}
        >
          <HeadButton label={trans.__('⇄ Swap sides')} onClick={onSwap} />
        </div>
      </div>
      <p className="jp-mlops-Compare-sides">
        <Side sign="−" snapshot={diff.left} trans={trans} onOpen={onOpen} />
        <Side sign="+" snapshot={diff.right} trans={trans} onOpen={onOpen} />
      </p>
    </header>
  );
}

/** Which of the two a sign stands for. */
function Side(props: {
  sign: '−' | '+';
  snapshot: Snapshot;
  trans: TranslationBundle;
  onOpen: (digest: string) => void;
}): JSX.Element {
  const { sign, snapshot, trans, onOpen } = props;
  const at = snapshot.sighting?.taken ?? snapshot.created;
  return (
    <span className="jp-mlops-Compare-side" data-side={sign}>
      <span aria-hidden>{sign}</span>{' '}
      <button
        type="button"
        className="jp-mlops-Link"
        title={snapshot.digest}
        onClick={() => onOpen(snapshot.digest)}
      >
        <code>{shortDigest(snapshot.digest)}</code>
      </button>{' '}
      <span className="jp-mlops-quiet" title={formatMoment(at)}>
        {trans.__('kept %1', formatWhen(at))}
      </span>
    </span>
  );
}

function Cells(props: {
  cells: ReadonlyArray<CellDifference>;
  trans: TranslationBundle;
}): JSX.Element {
  const { cells, trans } = props;
  return (
    <Section title={trans.__('Cells')} count={formatCount(cells.length)}>
      {cells.map((cell, index) => {
        const words = cellWords(cell, trans);
        return (
          <div key={index} className="jp-mlops-Cell" data-change={cell.change}>
            <h4>
              <span className="jp-mlops-Change" aria-hidden>
                {changeMark(cell.change)}
              </span>{' '}
              {words}
            </h4>
            {cell.lines.length > 0 && (
              <DiffLines lines={cell.lines} label={words} />
            )}
          </div>
        );
      })}
    </Section>
  );
}

/** Such as "Cell 3 changed", "Cell 4 (markdown) removed"; numbers count all cells, from 1. */
export function cellWords(
  { change, left, right, cell_type }: CellDifference,
  trans: TranslationBundle
): string {
  const place = right ?? left;
  const word = changeWord(change, trans);
  const number = place === null ? '' : String(place + 1);
  const head =
    cell_type === 'code'
      ? trans.__('Cell %1 %2', number, word)
      : trans.__('Cell %1 (%3) %2', number, word, cell_type);
  return left !== null && right !== null && left !== right
    ? trans.__('%1, was cell %2', head, left + 1)
    : head;
}

function Fields(props: {
  title: string;
  list: ReadonlyArray<FieldDifference>;
  trans: TranslationBundle;
}): JSX.Element {
  const { title, list, trans } = props;
  return (
    <Section title={title} count={formatCount(list.length)}>
      <table className="jp-mlops-Fields jp-mod-fixed">
        <colgroup>
          <col className="jp-mlops-Fields-change" />
          <col className="jp-mlops-Fields-name" />
          <col />
          <col />
        </colgroup>
        <thead className="jp-mlops-hidden">
          <tr>
            <th scope="col">{trans.__('change')}</th>
            <th scope="col">{trans.__('name')}</th>
            <th scope="col">{trans.__('first')}</th>
            <th scope="col">{trans.__('second')}</th>
          </tr>
        </thead>
        <tbody>
          {list.map(({ change, name, left, right }) => (
            <tr key={name} data-change={change}>
              <td>
                <span className="jp-mlops-Change" aria-hidden>
                  {changeMark(change)}
                </span>{' '}
                {changeWord(change, trans)}
              </td>
              <th scope="row">{name}</th>
              <td data-side="−">{left && <del>{left}</del>}</td>
              <td data-side="+">{right && <ins>{right}</ins>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}
