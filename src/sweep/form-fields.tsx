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
  const { value, label, problem, describedBy, suggestions = [] } = props;
  const id = useId();
  const problemId = `${id}-problem`;
  const listId = `${id}-list`;
  const described = [describedBy, problem && problemId].filter(Boolean);
  return (
    <>
      <input
        type="text"
        className="jp-mlops-Input"
        value={value}
        aria-label={label}
        aria-invalid={Boolean(problem ?? describedBy)}
        aria-describedby={described.join(' ') || undefined}
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

/** One of a few words. */
export function Select<T extends string>(props: {
  value: T;
  label: string;
  options: ReadonlyArray<readonly [T, string]>;
  onChange: (value: T) => void;
}): JSX.Element {
  return (
    <select
      className="jp-mlops-Input"
      value={props.value}
      aria-label={props.label}
      onChange={event => props.onChange(event.target.value as T)}
    >
      {props.options.map(([value, words]) => (
        <option key={value} value={value}>
          {words}
        </option>
      ))}
    </select>
  );
}

/** One of a few words, all in view. */
export function Segments<T extends string>(props: {
  value: T;
  label: string;
  options: ReadonlyArray<readonly [T, string]>;
  onChange: (value: T) => void;
}): JSX.Element {
  const name = useId();
  return (
    <div
      className="jp-mlops-Segments"
      role="radiogroup"
      aria-label={props.label}
    >
      {props.options.map(([value, words]) => (
        <label key={value}>
          <input
            type="radio"
            name={name}
            value={value}
            checked={value === props.value}
            onChange={() => props.onChange(value)}
          />
          <span>{words}</span>
        </label>
      ))}
    </div>
  );
}
