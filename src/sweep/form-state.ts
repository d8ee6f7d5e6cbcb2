import type { NotebookInfo, Parameter } from '../api';
import type { PlaceState } from './place';

/** How a parameter gets its values: one for all trials, one of these, or from low to high. */
export type Kind = 'fixed' | 'list' | 'range';
export type Scale = 'linear' | 'log' | 'int';

/** One parameter as it stands in the form: texts as typed, so that nothing is lost by choosing another kind. */
export type RowState = {
  parameter: Parameter;
  kind: Kind;
  fixed: string;
  list: string;
  low: string;
  high: string;
  scale: Scale;
  step: string;
};

/** Everything a person can fill in. Texts as typed; empty means the default. */
export type FormState = PlaceState & {
  rows: RowState[];
  algorithm: 'grid' | 'random';
  trials: string;
  /** Trials at once on this machine. */
  parallelism: string;
  objective: string;
  direction: 'maximize' | 'minimize';
  experiment: string;
  seed: string;
  kernel: string;
};

export type Defaults = {
  algorithm: FormState['algorithm'];
  /** 0 takes the executor's suggestion. */
  parallelism: number;
  /** Empty takes the first that is offered. */
  executor: string;
  profile: string;
};

export const DEFAULTS: Defaults = {
  algorithm: 'grid',
  parallelism: 0,
  executor: '',
  profile: ''
};

/**
 * The form as the notebook suggests it: every parameter fixed at its default.
 *
 * @param atOnce - how many trials this machine runs at once by itself.
 */
export function initialState(
  info: NotebookInfo,
  defaults: Defaults = DEFAULTS,
  atOnce = info.parallelism
): FormState {
  return {
    rows: info.parameters.map(initialRow),
    algorithm: defaults.algorithm,
    trials: '',
    executor: defaults.executor,
    profile: defaults.profile,
    parallelism: String(defaults.parallelism || atOnce),
    pods: '',
    trialsPerPod: '',
    objective: info.metrics[0] ?? '',
    direction: directionOf(info.metrics[0] ?? ''),
    experiment: info.experiment,
    seed: '',
    kernel: info.kernel
  };
}

/** A row for a parameter, fixed at its default, with a range and a list ready that make sense for it. */
export function initialRow(parameter: Parameter): RowState {
  const fixed = defaultText(parameter);
  const { type } = parameter;
  return {
    parameter,
    kind: 'fixed',
    fixed,
    list: type === 'bool' ? 'True, False' : listItem(parameter, fixed),
    ...suggestedRange(parameter)
  };
}

/** Which kinds make sense for a type. */
export function kindsOf(type: Parameter['type']): Kind[] {
  return isRangeable(type) ? ['fixed', 'list', 'range'] : ['fixed', 'list'];
}

/** Whether there is always another value between two of its values: a grid cannot walk that. */
export function isContinuous(row: RowState): boolean {
  const { kind, scale, step } = row;
  return (
    kind === 'range' && scale !== 'int' && (scale === 'log' || !step.trim())
  );
}

/** Which scales a range of a type can have. */
export function scalesOf(type: Parameter['type']): Scale[] {
  switch (type) {
    case 'int':
      return ['int'];
    case 'float':
      return ['linear', 'log'];
    default:
      return ['linear', 'log', 'int'];
  }
}

/** A default that is no literal stays the notebook's own: nothing is sent for it. */
export function isOwnDefault(row: RowState): boolean {
  return (
    row.kind === 'fixed' &&
    row.fixed === '' &&
    row.parameter.type !== 'str' &&
    row.parameter.source !== ''
  );
}

/** A metric that is better when it is lower usually says so in its name. */
export function directionOf(metric: string): FormState['direction'] {
  return /loss|error|(^|_)(mse|mae|rmse|mape|nll|perplexity|time|seconds)($|_)/i.test(
    metric
  )
    ? 'minimize'
    : 'maximize';
}

/** A parameter that a person named, of a notebook whose language nobody here reads. */
export function namedParameter(name: string): Parameter {
  return { name, type: 'any', default: null, source: '', help: '' };
}

/**
 * The last values of a form, laid over what the notebook says now.
 *
 * Parameters that have gone or have another type now start afresh; those that a person named stay.
 */
export function restoredState(
  kept: unknown,
  fresh: FormState,
  readable = true
): FormState {
  if (!isRecord(kept)) {
    return fresh;
  }
  const rows = Array.isArray(kept.rows) ? kept.rows.filter(isRecord) : [];
  const now = readable ? fresh.rows : rows.flatMap(namedRow);
  return {
    ...(overlaid(kept, fresh, CHOICES) as FormState),
    rows: now.map(row => {
      const { name, type } = row.parameter;
      const last = rows.find(
        ({ parameter }) =>
          isRecord(parameter) &&
          parameter.name === name &&
          parameter.type === type
      );
      if (!last) {
        return row;
      }
      // A new default in the notebook counts for more than the old one left untouched here.
      const before = last.parameter as Parameter;
      const untouched = last.fixed === defaultText(before);
      const merged = overlaid(last, row, {
        kind: kindsOf(type),
        scale: scalesOf(type)
      }) as RowState;
      return {
        ...merged,
        parameter: row.parameter,
        fixed: untouched ? row.fixed : merged.fixed
      };
    })
  };
}

function namedRow({ parameter }: Record<string, unknown>): RowState[] {
  const name = isRecord(parameter) && parameter.name;
  return typeof name === 'string' ? [initialRow(namedParameter(name))] : [];
}

const CHOICES = {
  algorithm: ['grid', 'random'],
  direction: ['maximize', 'minimize']
};

/** What was kept, where it is of the right type and among the choices; else what is fresh. */
function overlaid(
  kept: Record<string, unknown>,
  fresh: Record<string, unknown>,
  choices: Readonly<Record<string, readonly string[]>>
): Record<string, unknown> {
  const entries = Object.entries(fresh).map(([name, value]) => {
    const last = kept[name];
    const fits =
      typeof value === 'string' &&
      typeof last === 'string' &&
      (choices[name]?.includes(last) ?? true);
    return [name, fits ? last : value];
  });
  return Object.fromEntries(entries);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isRangeable(type: Parameter['type']): boolean {
  return type === 'int' || type === 'float' || type === 'any';
}

function defaultText(parameter: Parameter): string {
  const { type, source } = parameter;
  const value: unknown = parameter.default;
  if (value === null || value === undefined) {
    return source === 'None' ? source : '';
  }
  if (type === 'str' || typeof value === 'string') {
    return String(value);
  }
  // As the notebook writes it: 1e-3 stays 1e-3.
  return source || JSON.stringify(value);
}

/** A text with a comma, or with spaces around it, needs quotes to be one value of a list. */
function listItem(parameter: Parameter, fixed: string): string {
  const isText = typeof parameter.default === 'string';
  return isText && (fixed === '' || /^[\s"']|,|\s$/.test(fixed))
    ? JSON.stringify(fixed)
    : fixed;
}

function suggestedRange(
  parameter: Parameter
): Pick<RowState, 'low' | 'high' | 'scale' | 'step'> {
  const { type } = parameter;
  const value: unknown = parameter.default;
  const whole = type === 'int';
  const range = {
    low: '',
    high: '',
    scale: whole ? ('int' as const) : ('linear' as const),
    step: ''
  };
  if (typeof value !== 'number' || value <= 0 || !isRangeable(type)) {
    return range;
  }
  if (whole) {
    const low = Math.max(1, Math.floor(value / 2));
    return { ...range, low: String(low), high: String(value * 2) };
  }
  if (value >= 0.2 && value <= 0.8) {
    // Shares, rates of dropout and the like: linear, between 0 and 1.
    return { ...range, low: '0.1', high: '0.9', step: '0.1' };
  }
  return {
    ...range,
    low: tidy(value / 10),
    high: tidy(value * 10),
    scale: 'log'
  };
}

/** Without the 0.30000000000000004 of floating point. */
function tidy(value: number): string {
  return String(Number(value.toPrecision(6)));
}
