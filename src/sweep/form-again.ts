import type { SweepRequest } from '../api';
import type { Dimension } from './form-request';
import {
  initialRow,
  namedParameter,
  type FormState,
  type RowState
} from './form-state';

/**
 * The form as an earlier sweep was ordered, so that pressing Run orders the same again.
 *
 * @param fresh - the form as the notebook suggests it; what the request leaves open stays so.
 */
export function stateAgain(
  request: SweepRequest,
  fresh: FormState,
  readable = true
): FormState {
  const parameters = request.parameters ?? {};
  const known = new Set(fresh.rows.map(row => row.parameter.name));
  // Of a notebook that nobody reads, the parameters are those that were named.
  const named = readable
    ? []
    : Object.keys(parameters).filter(name => !known.has(name));
  const rows = [
    ...fresh.rows,
    ...named.map(name => initialRow(namedParameter(name)))
  ];
  const text = (value: number | null | undefined, fallback = '') =>
    value === null || value === undefined ? fallback : String(value);
  return {
    rows: rows.map(row => rowAgain(row, parameters[row.parameter.name])),
    algorithm: request.algorithm ?? fresh.algorithm,
    trials: text(request.trials),
    executor: request.executor ?? fresh.executor,
    profile: request.profile ?? (request.executor ? '' : fresh.profile),
    parallelism: request.profile
      ? fresh.parallelism
      : text(request.parallelism, fresh.parallelism),
    pods: request.profile ? text(request.parallelism) : '',
    trialsPerPod: text(request.trials_per_pod),
    objective: request.objective ?? '',
    direction: request.direction ?? fresh.direction,
    experiment: request.experiment ?? fresh.experiment,
    seed: text(request.seed),
    kernel: request.kernel ?? fresh.kernel
  };
}

function rowAgain(row: RowState, dimension: Dimension | undefined): RowState {
  const { type } = row.parameter;
  switch (dimension?.kind) {
    case 'fixed': {
      const fixed = textOf(dimension.value, type);
      return { ...row, kind: 'fixed', fixed };
    }
    case 'list': {
      const items = dimension.values.map(value => itemOf(value, type));
      return { ...row, kind: 'list', list: items.join(', ') };
    }
    case 'range': {
      const { low, high, scale, step } = dimension;
      return {
        ...row,
        kind: 'range',
        low: String(low),
        high: String(high),
        scale: scale ?? 'linear',
        step: step === null || step === undefined ? '' : String(step)
      };
    }
    default:
      return row;
  }
}

type Type = RowState['parameter']['type'];

/** A value as a person would type it: what `readValue` reads as that value. */
function textOf(value: unknown, type: Type): string {
  switch (value) {
    case null:
    case undefined:
      return 'None';
    case true:
      return 'True';
    case false:
      return 'False';
  }
  if (typeof value !== 'string') {
    return JSON.stringify(value);
  }
  // Without a type, 1 is a number and "1" a text.
  const plain = type === 'str' || /^[A-Za-z]+$/.test(value);
  return plain && !(type !== 'str' && isWord(value))
    ? value
    : JSON.stringify(value);
}

/** The same as one of a list, where commas, spaces at the ends and quotes mean something. */
function itemOf(value: unknown, type: Type): string {
  const needsQuotes =
    typeof value === 'string' && (value === '' || /^[\s"']|,|\s$/.test(value));
  return needsQuotes ? JSON.stringify(value) : textOf(value, type);
}

function isWord(text: string): boolean {
  return /^(True|False|None|null|true|false)$/.test(text);
}
