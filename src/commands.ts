import {
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { URLExt } from '@jupyterlab/coreutils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import {
  pauseIcon,
  refreshIcon,
  runIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { Status, Sweep, SweepRequest } from './api';
import { SWEEP_ARGS, TRIAL_ARGS, trialOf } from './command-args';
import { messageOf } from './request';
import { confirmPause, confirmStop } from './sweep/confirm';
import {
  CommandIDs,
  hasEnded,
  IMlopsModel,
  SWEEP_ATTRIBUTE,
  TRANSLATION_DOMAIN
} from './tokens';

/** Every change to a sweep goes through one of these commands. */
export const commandsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlops:commands',
  description: 'Adds the commands that change sweeps.',
  autoStart: true,
  requires: [IMlopsModel],
  optional: [ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    model: IMlopsModel,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ) => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const { commands } = app;
    const meant = (args: ReadonlyPartialJSONObject) =>
      sweepMeant(app, model, args);

    /** A command on one sweep, there only while the sweep's state permits. */
    const onSweep = (options: {
      id: string;
      label: string;
      short: string;
      caption: string;
      icon: CommandRegistry.ICommandOptions['icon'];
      permits: (sweep: Sweep) => boolean;
      run: (sweep: Sweep) => Promise<unknown>;
    }) => {
      const permitted = (args: ReadonlyPartialJSONObject) => {
        const sweep = meant(args);
        return sweep !== null && options.permits(sweep);
      };
      commands.addCommand(options.id, {
        label: args => (args.context ? options.short : options.label),
        caption: options.caption,
        icon: args => (args.isPalette ? undefined : (options.icon as never)),
        describedBy: { args: SWEEP_ARGS },
        isEnabled: permitted,
        isVisible: args => !args.context || permitted(args),
        execute: async args => {
          const sweep = meant(args);
          if (sweep) {
            await orNotify(options.run(sweep));
          }
        }
      });
      palette?.addItem({
        command: options.id,
        category: trans.__('MLOps'),
        args: { isPalette: true }
      });
    };

    onSweep({
      id: CommandIDs.pause,
      label: trans.__('Pause Sweep'),
      short: trans.__('Pause'),
      caption: trans.__('Start no further trials; running ones end'),
      icon: pauseIcon,
      permits: ({ state }) => state === 'running',
      run: async sweep =>
        (await confirmPause(sweep, trans)) ? model.pause(sweep.id) : undefined
    });
    onSweep({
      id: CommandIDs.resume,
      label: trans.__('Resume Sweep'),
      short: trans.__('Resume'),
      caption: trans.__('Go on with a paused or lost sweep'),
      icon: runIcon,
      permits: ({ state }) => state === 'paused' || state === 'lost',
      run: ({ id }) => model.resume(id)
    });
    onSweep({
      id: CommandIDs.stop,
      label: trans.__('Stop Sweep…'),
      short: trans.__('Stop…'),
      caption: trans.__('Stop running trials and start no others'),
      icon: stopIcon,
      permits: sweep => !hasEnded(sweep) && sweep.state !== 'stopping',
      run: async sweep =>
        (await confirmStop(sweep, trans)) ? model.stop(sweep.id) : undefined
    });

    commands.addCommand(CommandIDs.stopTrial, {
      label: trans.__('Stop Trial'),
      caption: trans.__('Stop one trial, or keep a waiting one from starting'),
      icon: stopIcon,
      describedBy: { args: TRIAL_ARGS },
      execute: args => {
        const { sweep, index } = trialOf(args);
        return orNotify(model.stopTrial(sweep, index));
      }
    });

    // Errors go back to the form, which shows each beside its field.
    commands.addCommand(CommandIDs.runSweep, {
      label: trans.__('Run a Sweep as Ordered'),
      describedBy: {
        args: {
          type: 'object',
          required: ['request'],
          properties: {
            request: { type: 'object', description: 'A SweepRequest.' }
          }
        }
      },
      execute: args =>
        model.createSweep(args.request as unknown as SweepRequest)
    });

    commands.addCommand(CommandIDs.refresh, {
      label: trans.__('Refresh Sweeps'),
      caption: trans.__('Ask the server again now'),
      icon: args => (args.isPalette ? undefined : refreshIcon),
      describedBy: { args: { type: 'object', properties: {} } },
      execute: () => model.refresh()
    });

    commands.addCommand(CommandIDs.openMlflow, {
      label: args =>
        args.context ? trans.__('Open in MLflow') : trans.__('Open MLflow'),
      caption: trans.__('Open MLflow’s own pages in a new browser tab'),
      describedBy: {
        args: {
          type: 'object',
          properties: {
            ...SWEEP_ARGS.properties,
            run: { type: 'string', description: 'A run of that sweep.' }
          }
        }
      },
      isEnabled: () => model.status !== null,
      execute: args => {
        const sweep = args.id || args.context ? meant(args) : null;
        const { baseUrl } = app.serviceManager.serverSettings;
        if (model.status) {
          const address = mlflowAddress(model.status, baseUrl, sweep, args.run);
          window.open(address, '_blank', 'noopener');
        }
      }
    });

    for (const command of [CommandIDs.refresh, CommandIDs.openMlflow]) {
      palette?.addItem({
        command,
        category: trans.__('MLOps'),
        args: { isPalette: true }
      });
    }
    // Labels and greyness depend on what the sweeps do.
    model.changed.connect(() => {
      for (const command of [
        CommandIDs.pause,
        CommandIDs.resume,
        CommandIDs.stop,
        CommandIDs.openMlflow
      ]) {
        commands.notifyCommandChanged(command);
      }
    });
  }
};

/** Wait for a change; what went wrong is said once, in a notification. */
export async function orNotify(change: Promise<unknown>): Promise<void> {
  try {
    await change;
  } catch (error) {
    Notification.error(messageOf(error), { autoClose: false });
  }
}

/**
 * Which sweep a command is about: the one named, the one under the context menu, the one whose page is in view, else
 * the only one that is alive.
 */
export function sweepMeant(
  app: JupyterFrontEnd,
  model: IMlopsModel,
  args: ReadonlyPartialJSONObject
): Sweep | null {
  const known = (id: unknown) => model.sweeps.find(s => s.id === id) ?? null;
  if (args.id) {
    return known(args.id);
  }
  if (args.context) {
    const node = app.contextMenuHitTest(n => n.hasAttribute(SWEEP_ATTRIBUTE));
    return known(node?.getAttribute(SWEEP_ATTRIBUTE));
  }
  const page = app.shell.currentWidget?.node;
  const shown = page?.matches(`[${SWEEP_ATTRIBUTE}]`)
    ? page
    : page?.querySelector(`[${SWEEP_ATTRIBUTE}]`);
  if (shown) {
    return known(shown.getAttribute(SWEEP_ATTRIBUTE));
  }
  const alive = model.sweeps.filter(
    sweep => sweep.purpose === 'sweep' && !hasEnded(sweep)
  );
  return alive.length === 1 ? alive[0] : null;
}

/** Where MLflow's own pages show a sweep, one of its runs, or everything. */
export function mlflowAddress(
  status: Status,
  baseUrl: string,
  sweep: Sweep | null,
  run?: unknown
): string {
  const root = /^https?:/.test(status.mlflow_ui)
    ? status.mlflow_ui
    : URLExt.join(baseUrl, status.mlflow_ui);
  if (!sweep) {
    return root;
  }
  const experiment = encodeURIComponent(sweep.experiment_id);
  const id = encodeURIComponent(typeof run === 'string' ? run : sweep.id);
  return `${root.replace(/\/$/, '')}/#/experiments/${experiment}/runs/${id}`;
}
