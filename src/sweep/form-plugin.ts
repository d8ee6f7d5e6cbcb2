import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  type MainAreaWidget,
  WidgetTracker
} from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { CheckModel } from '../check/model';
import { NOTEBOOK_ARGS, SWEEP_ARGS } from '../command-args';
import { orNotify, sweepMeant } from '../commands';
import { sweepIcon } from '../icons';
import { Notebooks } from '../notebooks';
import {
  canSweepAgain,
  CommandIDs,
  IMlopsModel,
  SETTINGS_ID,
  TRANSLATION_DOMAIN
} from '../tokens';
import { SweepFormModel } from './form-model';
import { DEFAULTS, type Defaults } from './form-state';
import { createSweepForm, type SweepFormWidget } from './form-widget';

const valuesKey = (path: string) => `jupyter-mlops:form:${path}`;

/** Arguments of the command that opens a form. */
const FORM_ARGS = {
  type: 'object',
  properties: {
    ...NOTEBOOK_ARGS.properties,
    snapshot: {
      type: ['string', 'null'],
      description: 'Digest of what to run; else the notebook as it is.'
    },
    again: {
      type: ['string', 'null'],
      description: 'A sweep whose order the form begins with.'
    }
  }
} as const;

/** What a form is for. */
interface IWhat {
  readonly path: string;
  readonly snapshot: string | null;
  readonly again: string | null;
}

/** The forms from which sweeps are run. */
export const sweepFormPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlops:sweep-form',
  description: 'Opens the sweep form of a notebook in the main area.',
  autoStart: true,
  requires: [IMlopsModel, INotebookTracker, IDocumentManager],
  optional: [
    ITranslator,
    ICommandPalette,
    ILayoutRestorer,
    IStateDB,
    ISettingRegistry,
    IFileBrowserFactory
  ],
  activate: (
    app: JupyterFrontEnd,
    model: IMlopsModel,
    notebookTracker: INotebookTracker,
    documents: IDocumentManager,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null,
    settings: ISettingRegistry | null,
    browsers: IFileBrowserFactory | null
  ) => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const { commands, serviceManager, shell } = app;
    const notebooks = new Notebooks(
      documents,
      notebookTracker,
      serviceManager.contents,
      browsers
    );
    const meant = (args: ReadonlyPartialJSONObject) =>
      sweepMeant(app, model, args);
    const tracker = new WidgetTracker<MainAreaWidget<SweepFormWidget>>({
      namespace: 'jupyter-mlops-form'
    });

    const create = ({ path, snapshot, again }: IWhat) => {
      const form = new SweepFormModel({
        path,
        snapshot,
        again: again === null ? undefined : () => model.sweepRequest(again),
        model,
        trans,
        defaults: () => readDefaults(settings),
        save: () => notebooks.save(path),
        run: request =>
          commands.execute(CommandIDs.runSweep, {
            request: request as ReadonlyPartialJSONObject
          }),
        recall: async () => state?.fetch(valuesKey(path)),
        remember: values => void state?.save(valuesKey(path), values as never)
      });
      const widget = createSweepForm({
        path,
        form,
        again,
        check: new CheckModel({ path, snapshots: model.snapshots }),
        trans,
        onCell: cell =>
          void commands.execute(CommandIDs.openCell, { path, cell }),
        openSnapshot: digest =>
          void commands.execute(CommandIDs.openSnapshot, { digest }),
        codeCells: () => notebooks.codeCells(path),
        tag: cell =>
          orNotify(commands.execute(CommandIDs.tagParameters, { path, cell })),
        started: ({ id }) => {
          void commands.execute(CommandIDs.openSweep, { id });
          widget.dispose();
        }
      });
      return widget;
    };

    commands.addCommand(CommandIDs.sweep, {
      label: args =>
        args.browser || args.toolbar
          ? trans.__('Sweep…')
          : trans.__('Sweep Notebook…'),
      caption: trans.__('Run this notebook many times with other parameters'),
      icon: args => (args.isPalette ? undefined : sweepIcon),
      describedBy: { args: FORM_ARGS },
      isEnabled: args => notebooks.meant(args) !== null,
      execute: async args => {
        const path = notebooks.meant(args);
        if (path === null) {
          return;
        }
        const text = (value: unknown) => (value ? String(value) : null);
        const [snapshot, again] = [text(args.snapshot), text(args.again)];
        let widget = tracker.find(
          ({ content }) =>
            content.path === path &&
            content.snapshot === snapshot &&
            content.again === again
        );
        if (!widget) {
          widget = create({ path, snapshot, again });
          await tracker.add(widget);
        }
        if (!widget.isAttached) {
          shell.add(widget, 'main', { type: 'MLOps Sweep' });
        }
        shell.activateById(widget.id);
        await widget.content.load(true);
        return widget;
      }
    });
    commands.addCommand(CommandIDs.sweepAgain, {
      label: trans.__('Sweep Again…'),
      caption: trans.__('Order a sweep as this one, of the same snapshot'),
      icon: args => (args.isPalette ? undefined : sweepIcon),
      describedBy: { args: SWEEP_ARGS },
      isVisible: args => !args.context || canSweepAgain(meant(args)),
      isEnabled: args => canSweepAgain(meant(args)),
      execute: args => {
        const sweep = meant(args);
        return sweep
          ? commands.execute(CommandIDs.sweep, {
              path: sweep.notebook,
              snapshot: sweep.snapshot,
              again: sweep.id
            })
          : undefined;
      }
    });
    palette?.addItem({
      command: CommandIDs.sweep,
      category: trans.__('MLOps'),
      args: { isPalette: true }
    });
    notebookTracker.currentChanged.connect(() => {
      commands.notifyCommandChanged(CommandIDs.sweep);
    });
    void restorer?.restore(tracker, {
      command: CommandIDs.sweep,
      args: ({ content: { path, snapshot, again } }) => ({
        path,
        snapshot,
        again
      }),
      name: ({ content: { path, snapshot, again } }) =>
        [path, snapshot, again].filter(Boolean).join(' ')
    });
  }
};

async function readDefaults(
  registry: ISettingRegistry | null
): Promise<Defaults> {
  try {
    const settings = await registry?.load(SETTINGS_ID);
    const read = <T>(name: string, fallback: T) =>
      (settings?.get(name).composite as T | undefined) ?? fallback;
    return {
      algorithm: read('defaultAlgorithm', DEFAULTS.algorithm),
      parallelism: read('defaultParallelism', DEFAULTS.parallelism),
      executor: read('defaultExecutor', DEFAULTS.executor),
      profile: read('defaultProfile', DEFAULTS.profile)
    };
  } catch {
    // Settings that cannot be read are no reason to show no form.
    return DEFAULTS;
  }
}
