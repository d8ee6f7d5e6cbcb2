import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import React, { useId } from 'react';

import { FieldProblem, Segments, Select, TextInput } from './form-fields';
import {
  kindsOf,
  scalesOf,
  type Kind,
  type RowState,
  type Scale
} from './form-state';

export interface IParameterRowProps {
  row: RowState;
  /** What is wrong with it, in words. */
  problem: string | undefined;
  trans: TranslationBundle;
  onChange: (name: string, change: Partial<RowState>) => void;
  /** Given only where a person named the parameter and may take it away. */
  onRemove?: (name: string) => void;
}

/** A parameter: its name, how it gets its values, and which. */
export function ParameterRow(props: IParameterRowProps): JSX.Element {
  const { row, problem, trans, onRemove } = props;
  const { name, type, help } = row.parameter;
  const problemId = useId();
  const kinds: Record<Kind, string> = {
    fixed: trans.__('fixed'),
    list: trans.__('list'),
    range: trans.__('range')
  };
  return (
    <div
      className="jp-mlops-Parameter"
      role="group"
      aria-label={name}
      data-kind={row.kind}
    >
      <div className="jp-mlops-Parameter-head">
        <code className="jp-mlops-Parameter-name" title={name}>
          {name}
        </code>
        <span className="jp-mlops-Parameter-type">{type}</span>
        {help && (
          <span className="jp-mlops-Parameter-help" title={help}>
            {help}
          </span>
        )}
      </div>
      <Segments
        value={row.kind}
        label={trans.__('How %1 gets its values', name)}
        options={kindsOf(type).map(kind => [kind, kinds[kind]] as const)}
        onChange={kind => props.onChange(name, { kind })}
      />
      <div className="jp-mlops-Parameter-editor">
        <div className="jp-mlops-Parameter-values">
          <Editor {...props} problemId={problem ? problemId : undefined} />
        </div>
        <FieldProblem id={problemId} message={problem} />
      </div>
      {onRemove && (
        <button
          type="button"
          className="jp-mlops-IconButton"
          title={trans.__('Remove %1', name)}
          aria-label={trans.__('Remove %1', name)}
          onClick={() => onRemove(name)}
        >
          <closeIcon.react tag="span" width="14px" height="14px" />
        </button>
      )}
    </div>
  );
}

type EditorProps = IParameterRowProps & { problemId: string | undefined };

function Editor(props: EditorProps): JSX.Element {
  const { row } = props;
  if (row.kind === 'range') {
    return <RangeEditor {...props} />;
  }
  if (row.parameter.type === 'bool') {
    return row.kind === 'fixed' ? (
      <BooleanEditor {...props} />
    ) : (
      <BooleansEditor {...props} />
    );
  }
  return row.kind === 'fixed' ? (
    <FixedEditor {...props} />
  ) : (
    <ListEditor {...props} />
  );
}

function FixedEditor(props: EditorProps): JSX.Element {
  const { row, problemId, trans, onChange } = props;
  const { name, type, source } = row.parameter;
  return (
    <TextInput
      value={row.fixed}
      label={trans.__('Value of %1', name)}
      describedBy={problemId}
      placeholder={
        type === 'str' || !source
          ? undefined
          : trans.__('%1 (as the notebook says)', source)
      }
      onChange={fixed => onChange(name, { fixed })}
    />
  );
}

function ListEditor(props: EditorProps): JSX.Element {
  const { row, problemId, trans, onChange } = props;
  const { name } = row.parameter;
  return (
    <TextInput
      value={row.list}
      label={trans.__('Values of %1, with commas between', name)}
      describedBy={problemId}
      placeholder={trans.__('values, with commas between')}
      onChange={list => onChange(name, { list })}
    />
  );
}

function BooleanEditor(props: EditorProps): JSX.Element {
  const { row, trans, onChange } = props;
  const { name } = row.parameter;
  const isTrue = /^true$/i.test(row.fixed);
  return (
    <Select
      value={isTrue ? 'True' : 'False'}
      label={trans.__('Value of %1', name)}
      options={[
        ['True', 'True'],
        ['False', 'False']
      ]}
      onChange={fixed => onChange(name, { fixed })}
    />
  );
}

function BooleansEditor(props: EditorProps): JSX.Element {
  const { row, problemId, onChange } = props;
  const { name } = row.parameter;
  const chosen = row.list.split(',').map(word => word.trim());
  return (
    <>
      {['True', 'False'].map(word => (
        <label key={word} className="jp-mlops-Check">
          <input
            type="checkbox"
            checked={chosen.includes(word)}
            aria-invalid={Boolean(problemId)}
            aria-describedby={problemId}
            onChange={event => {
              const kept = ['True', 'False'].filter(other =>
                other === word ? event.target.checked : chosen.includes(other)
              );
              onChange(name, { list: kept.join(', ') });
            }}
          />
          {word}
        </label>
      ))}
    </>
  );
}

function RangeEditor(props: EditorProps): JSX.Element {
  const { row, problemId, trans, onChange } = props;
  const { name, type } = row.parameter;
  const words: Record<Scale, string> = {
    linear: trans.__('linear'),
    log: trans.__('log'),
    int: trans.__('whole numbers')
  };
  const scales = scalesOf(type);
  return (
    <>
      <TextInput
        numeric
        value={row.low}
        label={trans.__('Low end of %1', name)}
        describedBy={problemId}
        placeholder={trans.__('low')}
        onChange={low => onChange(name, { low })}
      />
      <span aria-hidden>…</span>
      <TextInput
        numeric
        value={row.high}
        label={trans.__('High end of %1', name)}
        describedBy={problemId}
        placeholder={trans.__('high')}
        onChange={high => onChange(name, { high })}
      />
      {scales.length > 1 && (
        <Select
          value={row.scale}
          label={trans.__('Scale of %1', name)}
          options={scales.map(scale => [scale, words[scale]] as const)}
          onChange={scale => onChange(name, { scale })}
        />
      )}
      {row.scale !== 'log' && (
        <span className="jp-mlops-Parameter-step">
          <span aria-hidden>{trans.__('step')}</span>
          <TextInput
            numeric
            value={row.step}
            label={trans.__('Step of %1', name)}
            describedBy={problemId}
            placeholder={row.scale === 'int' ? '1' : trans.__('none')}
            onChange={step => onChange(name, { step })}
          />
        </span>
      )}
    </>
  );
}
