import { Time } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Sweep, Trial } from '../api';

/** Every state of a sweep or a trial. */
export type State = Sweep['state'] | Trial['state'];

/** U+FE0E asks for the text form of characters that some fonts draw as a coloured picture. */
const TEXT = '\ufe0e';

const MARKS: Readonly<Record<State, string>> = {
  running: '●',
  succeeded: '✓',
  failed: '✕',
  queued: '◌',
  cancelled: '⊘',
  pruned: `✂${TEXT}`,
  preempted: '↻',
  paused: '‖',
  stopping: '◔',
  lost: '?'
};

/** The order in which states are counted, drawn and, where nothing else ranks them, listed. */
export const TRIAL_STATES: ReadonlyArray<Trial['state']> = [
  'succeeded',
  'pruned',
  'failed',
  'cancelled',
  'lost',
  'preempted',
  'running',
  'queued'
];

/** One character for a state; never shown without its word nearby. */
export function stateMark(state: State): string {
  return MARKS[state];
}

/** A state in a word. */
export function stateWord(state: State, trans: TranslationBundle): string {
  switch (state) {
    case 'running':
      return trans.__('running');
    case 'succeeded':
      return trans.__('succeeded');
    case 'failed':
      return trans.__('failed');
    case 'queued':
      return trans.__('queued');
    case 'cancelled':
      return trans.__('cancelled');
    case 'pruned':
      return trans.__('pruned');
    case 'preempted':
      return trans.__('preempted');
    case 'paused':
      return trans.__('paused');
    case 'stopping':
      return trans.__('stopping');
    case 'lost':
      return trans.__('lost');
  }
}

/**
 * A number rounded to what matters, three significant digits unless told; whole numbers stay whole.
 *
 * The decimal sign is a point everywhere, as in the notebook that printed it.
 */
export function formatNumber(value: number, digits = 3): string {
  if (!Number.isFinite(value)) {
    return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '−∞';
  }
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e9) {
    return String(value);
  }
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) {
    return value
      .toExponential(digits - 1)
      .replace(/\.?0+e/, 'e')
      .replace('e+', 'e');
  }
  const before = size < 1 ? 0 : Math.floor(Math.log10(size)) + 1;
  // Before the point nothing is rounded away; leading zeros after it do not count as digits.
  const after =
    size < 1
      ? digits - 1 - Math.floor(Math.log10(size || 1))
      : Math.max(0, digits - before);
  return trimmed(value.toFixed(Math.min(after, 20)));
}

/** An objective keeps its zeros, so that a column of them lines up: 0.97 and 0.973 read 0.9700 and 0.9730. */
export function formatObjective(value: number): string {
  const size = Math.abs(value);
  return size >= 1e-3 && size < 10 && !Number.isInteger(value)
    ? value.toFixed(4)
    : formatNumber(value, 4);
}

/** A parameter's value in short: as its notebook would write it, rounded. */
export function formatValue(value: unknown): string {
  if (typeof value === 'number') {
    return formatNumber(value, 4);
  }
  return exactValue(value);
}

/** A parameter's value in full. Python's words for true, false and nothing: most notebooks are Python's. */
export function exactValue(value: unknown): string {
  switch (value) {
    case null:
    case undefined:
      return 'None';
    case true:
      return 'True';
    case false:
      return 'False';
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A count with its thousands apart, as the page's language writes it. */
export function formatCount(count: number): string {
  const language = document.documentElement.lang || 'en';
  return new Intl.NumberFormat(language).format(count);
}

/** How long something took, or takes so far: two units at most. */
export function formatDuration(
  milliseconds: number,
  trans: TranslationBundle
): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 9.95) {
    return trans.__('%1 s', seconds.toFixed(1));
  }
  const whole = Math.round(seconds);
  if (whole < 60) {
    return trans.__('%1 s', whole);
  }
  if (whole < 3600) {
    const [minutes, rest] = [Math.floor(whole / 60), whole % 60];
    return trans.__('%1 min %2 s', minutes, String(rest).padStart(2, '0'));
  }
  const minutes = Math.round(whole / 60);
  if (minutes < 24 * 60) {
    const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
    return trans.__('%1 h %2 min', hours, String(rest).padStart(2, '0'));
  }
  const hours = Math.round(minutes / 60);
  return trans.__('%1 d %2 h', Math.floor(hours / 24), hours % 24);
}

/** How much room something takes. */
export function formatSize(bytes: number, trans: TranslationBundle): string {
  if (bytes < 1000) {
    return trans.__('%1 B', bytes);
  }
  return bytes < 1e6
    ? trans.__('%1 kB', formatNumber(bytes / 1e3, 2))
    : bytes < 1e9
      ? trans.__('%1 MB', formatNumber(bytes / 1e6, 2))
      : trans.__('%1 GB', formatNumber(bytes / 1e9, 2));
}

/** An estimate, no more exact than it is. */
export function formatLeft(seconds: number, trans: TranslationBundle): string {
  if (seconds < 10) {
    return trans.__('a few seconds left');
  }
  if (seconds < 55) {
    return trans.__('about %1 s left', Math.round(seconds / 10) * 10);
  }
  if (seconds < 57 * 60) {
    return trans.__('about %1 min left', Math.round(seconds / 60));
  }
  if (seconds < 47 * 3600) {
    return trans.__('about %1 h left', Math.round(seconds / 3600));
  }
  return trans.__('about %1 days left', Math.round(seconds / 86400));
}

/** A moment relative to now, in the page's language: "3 minutes ago", "yesterday". */
export function formatWhen(milliseconds: number): string {
  // Clocks differ by a little: nothing that has happened happens "in 2 seconds".
  const past = Math.min(milliseconds, Date.now() - 1);
  return Time.formatHuman(new Date(past));
}

/** A moment in full, for hovering. */
export function formatMoment(milliseconds: number): string {
  return Time.format(new Date(milliseconds));
}

/** How many trials of a sweep have ended. */
export function endedCount(sweep: Sweep): number {
  const { succeeded = 0, failed = 0, pruned = 0, cancelled = 0 } = sweep.counts;
  return succeeded + failed + pruned + cancelled;
}

/** Best trial so far, such as "best accuracy 0.973 (trial 17)"; empty while there is none. */
export function bestWords(sweep: Sweep, trans: TranslationBundle): string {
  if (!sweep.best || !sweep.objective) {
    return '';
  }
  return trans.__(
    'best %1 %2 (trial %3)',
    sweep.objective,
    formatNumber(sweep.best.objective),
    sweep.best.index
  );
}

/** A digest as short as people tell two apart by it. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 8);
}

/** A sweep's name for people, even if it has none. */
export function sweepTitle(sweep: Sweep, trans: TranslationBundle): string {
  if (sweep.purpose === 'verification') {
    const digest = shortDigest(sweep.snapshot);
    return trans.__('Verification of snapshot %1', digest);
  }
  return sweep.name || trans.__('sweep %1', sweep.id.slice(0, 8));
}

function trimmed(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
}
