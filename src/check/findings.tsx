import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { CheckFinding } from '../api';
import type { CheckModel } from './model';

export interface IFindingsProps {
  /** Changes in place: draw again on its signal. */
  check: Pick<CheckModel, 'checking' | 'error' | 'report'>;
  trans: TranslationBundle;
  onCell: (cell: number) => void;
  onRetry: () => void;
}

type Level = CheckFinding['level'];

const MARKS: Readonly<Record<Level, string>> = {
  error: '✕',
  warning: '⚠\ufe0e',
  hint: '○'
};

function levelWord(level: Level, trans: TranslationBundle): string {
  switch (level) {
    case 'error':
      return trans.__('error');
    case 'warning':
      return trans.__('warning');
    case 'hint':
      return trans.__('hint');
  }
}

/** What will, or may, go wrong when the notebook runs from top to bottom; a press on a finding goes to its cell. */
export function Findings(props: IFindingsProps): JSX.Element {
  const { check, trans, onCell, onRetry } = props;
  const { report, checking, error } = check;
  return (
    <div className="jp-mlops-Findings">
      <p
        role="status"
        className={checking ? 'jp-mlops-Hint jp-mlops-Late' : 'jp-mlops-Hint'}
      >
        {checking ? trans.__('Checking…') : summaryWords(props)}
      </p>
      {error !== null && !checking && (
        <p className="jp-mlops-Problem">
          {trans.__('The check does not answer: %1', error)}{' '}
          <button type="button" className="jp-mlops-Link" onClick={onRetry}>
            {trans.__('Try again')}
          </button>
        </p>
      )}
      {report && report.findings.length > 0 && (
        <ul aria-label={trans.__('Findings, worst first')}>
          {report.findings.map((finding, index) => (
            <Finding
              key={index}
              finding={finding}
              trans={trans}
              onCell={onCell}
            />
          ))}
        </ul>
      )}
      {report?.unknown.map(words => (
        <p key={words} className="jp-mlops-Hint">
          {words}
        </p>
      ))}
    </div>
  );
}

function summaryWords({ check, trans }: IFindingsProps): string {
  const { report } = check;
  if (!report) {
    return '';
  }
  if (report.findings.length === 0) {
    return trans.__('✓ Nothing speaks against running it from top to bottom.');
  }
  const count = (level: Level) =>
    report.findings.filter(finding => finding.level === level).length;
  const words = [
    count('error') && trans._n('%1 error', '%1 errors', count('error')),
    count('warning') && trans._n('%1 warning', '%1 warnings', count('warning')),
    count('hint') && trans._n('%1 hint', '%1 hints', count('hint'))
  ];
  return words.filter(Boolean).join(', ');
}

function Finding(props: {
  finding: CheckFinding;
  trans: TranslationBundle;
  onCell: (cell: number) => void;
}): JSX.Element {
  const { finding, trans, onCell } = props;
  const { level, message, fix, cell, line } = finding;
  const place =
    cell === null
      ? trans.__('notebook')
      : line === null
        ? trans.__('cell %1', cell + 1)
        : trans.__('cell %1, line %2', cell + 1, line);
  const said = (
    <>
      <span className="jp-mlops-Finding-level" data-level={level}>
        <span aria-hidden>{MARKS[level]}</span> {levelWord(level, trans)}
      </span>
      <span className="jp-mlops-Finding-place">{place}</span>
      <span className="jp-mlops-Finding-words">
        {message} <span className="jp-mlops-quiet">{fix}</span>
      </span>
    </>
  );
  return (
    <li>
      {cell === null ? (
        <div className="jp-mlops-Finding">{said}</div>
      ) : (
        <button
          type="button"
          className="jp-mlops-Finding"
          title={trans.__('Go to cell %1', cell + 1)}
          onClick={() => onCell(cell)}
        >
          {said}
        </button>
      )}
    </li>
  );
}
