import React, { useId } from 'react';

/** What is wrong with a field, beside it. */
export function FieldProblem(props: {
  id: string;
  message: string | undefined;
}): JSX.Element | null {
  return props.message ? (
    <p id={props.id} className="jp-mlops-Problem">
      {props.message}
    </p>
  ) : null;
}

/** A line of text with what is wrong with it. Its label stands beside it or is given. */
export function TextInput(props: {
  value: string;
  label: string;
  onChange: (value: string) => void;
  problem?: string;
  /** Id of an element that says what is wrong, when it stands elsewhere. */
  describedBy?: string;
  placeholder?: string;
  numeric?: boolean;
  suggestions?: ReadonlyArray<string>;
}): JSX.Element {
  const { value, label, problem, suggestions = [] } = props;
  const id = useId();
  const problemId = `${id}-problem`;
  const listId = `${id}-list`;
  return (
    <>
      <input
        type="text"
        className="jp-mlops-Input"
        value={value}
        aria-label={label}
        aria-invalid={Boolean(problem ?? props.describedBy)}
        aria-describedby={describedBy(props.describedBy, problem && problemId)}
        placeholder={props.placeholder}
        inputMode={props.numeric ? 'decimal' : undefined}
        list={suggestions.length ? listId : undefined}
        autoComplete="off"
        autoCorrect="off"
        autoCapitalize="off"
        spellCheck={false}
        onChange={event => props.onChange(event.target.value)}
      />
      {suggestions.length > 0 && (
        <datalist id={listId}>
          {suggestions.map(suggestion => (
            <option key={suggestion} value={suggestion} />
          ))}
        </datalist>
      )}
      <FieldProblem id={problemId} message={problem} />
    </>
  );
}

interface IChoiceProps<T extends string> {
  value: T;
  label: string;
  options: ReadonlyArray<readonly [T, string]>;
  onChange: (value: T) => void;
  problem?: string;
  /** Id of an element that says more. */
  describedBy?: string;
}

/** One of a few words, with what is wrong with it. */
export function Select<T extends string>(props: IChoiceProps<T>): JSX.Element {
  const { value, label, options, onChange, problem } = props;
  const problemId = useId();
  return (
    <>
      <select
        className="jp-mlops-Input"
        value={value}
        aria-label={label}
        aria-invalid={Boolean(problem)}
        aria-describedby={describedBy(props.describedBy, problem && problemId)}
        onChange={event => onChange(event.target.value as T)}
      >
        {options.map(([option, words]) => (
          <option key={option} value={option}>
            {words}
          </option>
        ))}
      </select>
      <FieldProblem id={problemId} message={problem} />
    </>
  );
}

/** One of a few words, all in view. */
export function Segments<T extends string>(
  props: IChoiceProps<T>
): JSX.Element {
  const { label, options, onChange, problem } = props;
  const name = useId();
  const problemId = `${name}-problem`;
  return (
    <>
      <div
        className="jp-mlops-Segments"
        role="radiogroup"
        aria-label={label}
        aria-invalid={problem ? true : undefined}
        aria-describedby={describedBy(props.describedBy, problem && problemId)}
      >
        {options.map(([value, words]) => (
          <label key={value}>
            <input
              type="radio"
              name={name}
              value={value}
              checked={value === props.value}
              onChange={() => onChange(value)}
            />
            <span>{words}</span>
          </label>
        ))}
      </div>
      <FieldProblem id={problemId} message={problem} />
    </>
  );
}

/** A name for the eye, and beside it the control, which carries its own, longer one. */
export function Field(props: {
  label: string;
  /** Of the request; for the style sheet. */
  field?: string;
  children: React.ReactNode;
}): JSX.Element {
  return (
    <div className="jp-mlops-Field" data-field={props.field}>
      <span className="jp-mlops-Field-label" aria-hidden>
        {props.label}
      </span>
      <div className="jp-mlops-Field-control">{props.children}</div>
    </div>
  );
}

function describedBy(...ids: (string | undefined)[]): string | undefined {
  return ids.filter(Boolean).join(' ') || undefined;
}
