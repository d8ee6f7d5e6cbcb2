import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import React, { useId } from 'react';

import type { FieldDifference } from '../api';

type Change = FieldDifference['change'];

const CHANGE_MARKS: Readonly<Record<Change, string>> = {
  added: '+',
  removed: '−',
  changed: '≠'
};

/** One character for a change; never shown without its word nearby. */
export function changeMark(change: Change): string {
  return CHANGE_MARKS[change];
}

/** A change in a word. */
export function changeWord(change: Change, trans: TranslationBundle): string {
  switch (change) {
    case 'added':
      return trans.__('added');
    case 'removed':
      return trans.__('removed');
    case 'changed':
      return trans.__('changed');
  }
}

/** A part of a page with a heading, and how many things are in it. */
export function Section(props: {
  title: string;
  count?: string;
  children: React.ReactNode;
}): JSX.Element {
  const id = useId();
  return (
    <section className="jp-mlops-Part" aria-labelledby={id}>
      <h3 id={id}>
        {props.title}
        {props.count !== undefined && (
          <span className="jp-mlops-quiet"> {props.count}</span>
        )}
      </h3>
      {props.children}
    </section>
  );
}

/** A button of a page's head, with a picture where there is one. */
export function HeadButton(props: {
  label: string;
  icon?: LabIcon;
  title?: string;
  disabled?: boolean;
  expanded?: boolean;
  onClick: () => void;
}): JSX.Element {
  const { icon: Icon } = props;
  return (
    <button
      type="button"
      className="jp-mlops-Button"
      title={props.title}
      disabled={props.disabled}
      aria-expanded={props.expanded}
      onClick={props.onClick}
    >
      {Icon && <Icon.react tag="span" width="16px" height="16px" />}
      {props.label}
    </button>
  );
}

/** What went wrong, at the top of a page; what was known stays below it. */
export function Trouble(props: {
  words: string;
  trans: TranslationBundle;
  onRetry: () => void;
}): JSX.Element {
  return (
    <p className="jp-mlops-Trouble" role="alert">
      <span>{props.words}</span>
      <button type="button" className="jp-mlops-Button" onClick={props.onRetry}>
        {props.trans.__('Try again')}
      </button>
    </p>
  );
}

const LINE_WORDS = { '+': 'added', '-': 'removed', ' ': 'same' } as const;

/** Lines with ` `, `-` or `+` in front of each: the sign says what the colour says. */
export function DiffLines(props: {
  lines: ReadonlyArray<string>;
  label: string;
}): JSX.Element {
  return (
    <pre
      className="jp-mlops-Diff"
      role="region"
      tabIndex={0}
      aria-label={props.label}
    >
      {props.lines.map((line, index) => {
        const sign = line.charAt(0) as keyof typeof LINE_WORDS;
        return (
          <span
            key={index}
            className="jp-mlops-Diff-line"
            data-line={LINE_WORDS[sign] ?? 'same'}
          >
            {line}
            {'\n'}
          </span>
        );
      })}
    </pre>
  );
}
