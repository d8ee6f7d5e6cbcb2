import type { TranslationBundle } from '@jupyterlab/translation';

import type {
  Choice,
  ExecutorOffer,
  Fixed,
  Parameter,
  Problem,
  Range,
  SweepRequest
} from '../api';
import { isOwnDefault, type FormState, type RowState } from './form-state';
import { parseLiteral, splitList } from './literal';
import { placeOf } from './place';

export type Dimension = Fixed | Choice | Range;

/**
 * What the form orders, and what cannot be read of it.
 *
 * What the values mean together is the server's to judge (`sweeps/plan`); here they are only read. The request is
 * null while there are problems.
 *
 * @param snapshot - digest of what is to be run; null for the notebook as it is then.
 * @param offers - where trials can run.
 */
export function requestOf(
  notebook: string,
  state: FormState,
  trans: TranslationBundle,
  snapshot: string | null = null,
  offers: ReadonlyArray<ExecutorOffer> = []
): { request: SweepRequest | null; problems: Problem[] } {
  const problems: Problem[] = [];
  const read = <T>(field: string, reading: () => T): T | undefined => {
    try {
      return reading();
    } catch (error) {
      problems.push({ field, message: (error as Error).message });
      return undefined;
    }
  };
  const parameters: [string, Dimension][] = [];
  for (const row of state.rows) {
    const { name } = row.parameter;
    if (isOwnDefault(row)) {
      continue;
    }
    const dimension = read(`parameters.${name}`, () => readRow(row, trans));
    if (dimension) {
      parameters.push([name, dimension]);
    }
  }
  const whole = (field: string, text: string) =>
    read(field, () =>
      text.trim() === '' ? null : readWhole(text.trim(), trans)
    );
  const { hasPods } = placeOf(state, offers);
  const request: SweepRequest = {
    notebook,
    parameters: Object.fromEntries(parameters),
    algorithm: state.algorithm,
    // A grid has as many points as it has.
    trials: state.algorithm === 'grid' ? null : whole('trials', state.trials),
    executor: state.executor || null,
    profile: (hasPods && state.profile) || null,
    parallelism: whole('parallelism', hasPods ? state.pods : state.parallelism),
    trials_per_pod: hasPods
      ? whole('trials_per_pod', state.trialsPerPod)
      : null,
    objective: state.objective.trim() || null,
    direction: state.direction,
    experiment: state.experiment.trim() || null,
    seed: whole('seed', state.seed),
    kernel: state.kernel || null,
    ...(snapshot === null ? {} : { snapshot })
  };
  return { request: problems.length ? null : request, problems };
}

/**
 * One row as the server takes it.
 *
 * @throws Error in words that fit beside the field.
 */
export function readRow(row: RowState, trans: TranslationBundle): Dimension {
  const { parameter, kind } = row;
  if (kind === 'fixed') {
    return { kind, value: readValue(row.fixed, parameter.type, trans) };
  }
  if (kind === 'list') {
    return { kind, values: readList(row.list, parameter.type, trans) };
  }
  const number = (text: string, what: string) => {
    if (text.trim() === '') {
      throw new Error(what);
    }
    return readNumber(text, trans);
  };
  const takesStep = row.scale !== 'log' && row.step.trim() !== '';
  return {
    kind,
    low: number(row.low, trans.__('Give the range a low end.')),
    high: number(row.high, trans.__('Give the range a high end.')),
    scale: row.scale,
    step: takesStep ? readNumber(row.step, trans) : null
  };
}

/**
 * One value as a person types it: of the parameter's type, or as papermill's `-p` takes it where there is no type.
 */
export function readValue(
  text: string,
  type: Parameter['type'],
  trans: TranslationBundle
): unknown {
  const trimmed = text.trim();
  if (type === 'str') {
    return text;
  }
  if ((trimmed === 'None' || trimmed === 'null') && type !== 'bool') {
    return null;
  }
  switch (type) {
    case 'bool':
      return readBoolean(trimmed, trans);
    case 'int':
      return readWhole(trimmed, trans);
    case 'float':
      return readNumber(trimmed, trans);
    case 'list':
    case 'dict':
      return readStructure(trimmed, type, trans);
    default:
      return readUntyped(trimmed);
  }
}

function readList(
  text: string,
  type: Parameter['type'],
  trans: TranslationBundle
): unknown[] {
  if (text.trim() === '') {
    throw new Error(
      trans.__('Write at least one value; put commas between several.')
    );
  }
  let parts: string[];
  try {
    parts = splitList(text);
  } catch (error) {
    throw new Error(
      trans.__('This list cannot be read: %1.', (error as Error).message)
    );
  }
  if (parts[parts.length - 1] === '') {
    // Python allows a last comma; while typing there is always one.
    parts.pop();
  }
  if (parts.includes('')) {
    throw new Error(trans.__('There is nothing between two of the commas.'));
  }
  return parts.map(part =>
    isQuoted(part) && (type === 'str' || type === 'any')
      ? parseLiteral(part)
      : readValue(part, type, trans)
  );
}

function readBoolean(text: string, trans: TranslationBundle): boolean {
  if (/^(true|1|yes)$/i.test(text)) {
    return true;
  }
  if (/^(false|0|no)$/i.test(text)) {
    return false;
  }
  throw new Error(trans.__('“%1” is not True or False.', shown(text)));
}

function readWhole(text: string, trans: TranslationBundle): number {
  if (!/^[+-]?\d[\d_]*$/.test(text)) {
    throw new Error(trans.__('“%1” is not a whole number.', shown(text)));
  }
  const value = Number(text.replace(/_/g, ''));
  if (!Number.isSafeInteger(value)) {
    // Beyond that a browser rounds, and another number than the one typed would run.
    throw new Error(
      trans.__(
        '“%1” is too large here; the command line takes it.',
        shown(text)
      )
    );
  }
  return value;
}

function readNumber(raw: string, trans: TranslationBundle): number {
  const text = raw.trim();
  const value = Number(text.replace(/_/g, ''));
  if (!/^[+-]?(\d[\d_]*\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) {
    throw new Error(trans.__('“%1” is not a number.', shown(text)));
  }
  if (!Number.isFinite(value)) {
    throw new Error(trans.__('“%1” is too large a number.', shown(text)));
  }
  return value;
}

function readStructure(
  text: string,
  type: 'list' | 'dict',
  trans: TranslationBundle
): unknown {
  let value: unknown;
  try {
    value = parseLiteral(text);
  } catch (error) {
    throw new Error(
      trans.__(
        'This %1 cannot be read (%2). Write it as Python would.',
        type,
        (error as Error).message
      )
    );
  }
  const isDict =
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (type === 'list' ? !Array.isArray(value) : !isDict) {
    throw new Error(trans.__('“%1” is not a %2.', shown(text), type));
  }
  return value;
}

/** As papermill's `-p` reads it: a number or a boolean where it looks like one, else the text itself. */
function readUntyped(text: string): unknown {
  if (text === '' || /^[A-Za-z]+$/.test(text)) {
    return text === 'True' ? true : text === 'False' ? false : text;
  }
  try {
    return parseLiteral(text);
  } catch {
    return text;
  }
}

function isQuoted(text: string): boolean {
  return text.length > 1 && /^["']/.test(text) && text.endsWith(text[0]);
}

function shown(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
