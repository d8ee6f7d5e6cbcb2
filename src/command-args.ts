import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

/** Arguments of commands on one sweep. */
export const SWEEP_ARGS = {
  type: 'object',
  properties: {
    id: { type: 'string', description: 'The sweep; else the one in view.' },
    context: {
      type: 'boolean',
      description: 'Whether the sweep under the context menu is meant.'
    }
  }
} as const;

/** Arguments of commands on one trial. */
export const TRIAL_ARGS = {
  type: 'object',
  required: ['sweep', 'index'],
  properties: {
    sweep: { type: 'string', description: 'The sweep.' },
    index: { type: 'integer', description: 'The trial.' }
  }
} as const;

/** Arguments of commands on one notebook. */
export const NOTEBOOK_ARGS = {
  type: 'object',
  properties: {
    path: {
      type: 'string',
      description: 'Path from the server’s root; else the current notebook.'
    },
    browser: {
      type: 'boolean',
      description: 'Whether the file browser’s selection is meant.'
    }
  }
} as const;

/** Arguments of commands on one snapshot. */
export const SNAPSHOT_ARGS = {
  type: 'object',
  required: ['digest'],
  properties: {
    digest: {
      type: 'string',
      description: 'The snapshot, or the first twelve characters of its digest.'
    }
  }
} as const;

/** The trial that a command's arguments name. */
export function trialOf(args: ReadonlyPartialJSONObject): {
  sweep: string;
  index: number;
} {
  return { sweep: String(args.sweep), index: Number(args.index) };
}
