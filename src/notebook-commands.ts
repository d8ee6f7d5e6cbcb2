import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { INotebookTracker } from '@jupyterlab/notebook';
import {
  ITranslator,
  nullTranslator,
  type TranslationBundle
} from '@jupyterlab/translation';
import { notebookIcon, tagIcon } from '@jupyterlab/ui-components';

import type { Snapshot } from './api';
import { NOTEBOOK_ARGS } from './command-args';
import { orNotify } from './commands';
import { writeExample } from './example';
import { snapshotIcon } from './icons';
import { Notebooks } from './notebooks';
import { formatWhen, shortDigest } from './sweep/format';
import { CommandIDs, IMlopsModel, TRANSLATION_DOMAIN } from './tokens';

/** After this long without an answer, one wonders whether the press was heard. */
const WONDER_MS = 500;

/** Commands on the notebook at hand. */
export const notebookCommandsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlops:notebook-commands',
  description: 'Adds the commands that keep, tag and make notebooks.',
  autoStart: true,
  requires: [IMlopsModel, INotebookTracker, IDocumentManager],
  optional: [ITranslator, ICommandPalette, IFileBrowserFactory],
  activate: (
    app: JupyterFrontEnd,
    model: IMlopsModel,
    tracker: INotebookTracker,
    documents: IDocumentManager,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    browsers: IFileBrowserFactory | null
  ) => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const { commands, serviceManager } = app;
    const { contents, kernelspecs } = serviceManager;
    const notebooks = new Notebooks(documents, tracker, contents, browsers);

    commands.addCommand(CommandIDs.snapshot, {
      label: args =>
        args.browser || args.toolbar
          ? trans.__('Snapshot')
          : trans.__('Snapshot Notebook'),
      caption: trans.__(
        'Keep this notebook as it stands, with its files and its environment'
      ),
      icon: args => (args.isPalette ? undefined : snapshotIcon),
      describedBy: { args: NOTEBOOK_ARGS },
      isEnabled: args => notebooks.meant(args) !== null,
      execute: args => {
        const path = notebooks.meant(args);
        return path ? orNotify(snapshot(path)) : undefined;
      }
    });

    const snapshot = async (path: string) => {
      const name = PathExt.basename(path);
      await notebooks.save(path);
      const kept = await withNotice(
        trans.__('Keeping %1…', name),
        model.snapshots.create(path)
      );
      Notification.success(snapshotWords(kept, name, trans), {
        autoClose: 6000,
        actions: [
          {
            label: trans.__('Show'),
            callback: () => {
              const { digest } = kept;
              void commands.execute(CommandIDs.openSnapshot, { digest });
            }
          }
        ]
      });
    };

    commands.addCommand(CommandIDs.openCell, {
      label: trans.__('Open a Notebook at a Cell'),
      describedBy: {
        args: {
          type: 'object',
          required: ['path', 'cell'],
          properties: {
            path: { type: 'string', description: 'Path from the root.' },
            cell: { type: 'integer', description: 'Index of the cell.' }
          }
        }
      },
      execute: args =>
        orNotify(notebooks.openCell(String(args.path), Number(args.cell)))
    });

    commands.addCommand(CommandIDs.tagParameters, {
      label: trans.__('Tag Cell as Parameters'),
      caption: trans.__(
        'Mark the active cell as the one whose values a sweep may replace'
      ),
      icon: args => (args.isPalette ? undefined : tagIcon),
      describedBy: {
        args: {
          type: 'object',
          properties: {
            ...NOTEBOOK_ARGS.properties,
            cell: {
              type: 'integer',
              description: 'Index of the cell; else the active one.'
            }
          }
        }
      },
      isEnabled: args => notebooks.meant(args) !== null,
      execute: async args => {
        const path = notebooks.meant(args);
        const cell =
          typeof args.cell === 'number'
            ? args.cell
            : path && notebooks.activeCell(path);
        if (path && typeof cell === 'number') {
          await notebooks.tagParameters(path, cell);
        }
      }
    });

    commands.addCommand(CommandIDs.example, {
      label: trans.__('Open an Example Notebook to Sweep'),
      caption: trans.__(
        'Write a small notebook that can be swept, and open it'
      ),
      icon: args => (args.isPalette ? undefined : notebookIcon),
      describedBy: { args: { type: 'object', properties: {} } },
      execute: () =>
        orNotify(
          writeExample(
            contents,
            browsers?.tracker.currentWidget?.model.path ?? '',
            kernelspecs.specs
          ).then(path => documents.openOrReveal(path))
        )
    });

    for (const command of [
      CommandIDs.snapshot,
      CommandIDs.tagParameters,
      CommandIDs.example
    ]) {
      palette?.addItem({
        command,
        category: trans.__('MLOps'),
        args: { isPalette: true }
      });
    }
    tracker.currentChanged.connect(() => {
      commands.notifyCommandChanged(CommandIDs.snapshot);
      commands.notifyCommandChanged(CommandIDs.tagParameters);
    });
  }
};

/** Say that something is under way, if it takes so long that one wonders. */
async function withNotice<T>(words: string, work: Promise<T>): Promise<T> {
  let notice: string | undefined;
  const timer = setTimeout(() => {
    notice = Notification.emit(words, 'in-progress', { autoClose: false });
  }, WONDER_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    if (notice !== undefined) {
      Notification.dismiss(notice);
    }
  }
}

/** What came of a snapshot, in a line. */
export function snapshotWords(
  kept: Snapshot,
  name: string,
  trans: TranslationBundle
): string {
  const digest = shortDigest(kept.digest);
  return kept.new
    ? trans.__('Snapshot %1 of %2 kept.', digest, name)
    : trans.__(
        'Nothing in %1 has changed since snapshot %2, kept %3.',
        name,
        digest,
        formatWhen(kept.created)
      );
}
