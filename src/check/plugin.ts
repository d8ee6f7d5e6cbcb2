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
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { NOTEBOOK_ARGS } from '../command-args';
import { Notebooks } from '../notebooks';
import { CommandIDs, IMlopsModel, TRANSLATION_DOMAIN } from '../tokens';
import { CheckModel } from './model';
import { type CheckWidget, createCheckPage } from './widget';

/** The check of a notebook, apart from any sweep. */
export const checkPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlops:check',
  description: 'Says what will go wrong when a notebook runs top to bottom.',
  autoStart: true,
  requires: [IMlopsModel, INotebookTracker, IDocumentManager],
  optional: [
    ITranslator,
    ICommandPalette,
    ILayoutRestorer,
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
    browsers: IFileBrowserFactory | null
  ) => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const { commands, serviceManager, shell } = app;
    const { contents } = serviceManager;
    const notebooks = new Notebooks(
      documents,
      notebookTracker,
      contents,
      browsers
    );
    const tracker = new WidgetTracker<MainAreaWidget<CheckWidget>>({
      namespace: 'jupyter-mlops-check'
    });
    const create = (path: string) =>
      createCheckPage({
        path,
        check: new CheckModel({ path, snapshots: model.snapshots }),
        trans,
        save: () => notebooks.save(path),
        onCell: cell =>
          void commands.execute(CommandIDs.openCell, { path, cell })
      });

    commands.addCommand(CommandIDs.check, {
      label: args =>
        args.browser ? trans.__('Check') : trans.__('Check Notebook'),
      caption: trans.__(
        'Say what will go wrong when it runs from top to bottom'
      ),
      describedBy: { args: NOTEBOOK_ARGS },
      isEnabled: args => notebooks.meant(args) !== null,
      execute: async args => {
        const path = notebooks.meant(args);
        if (path === null) {
          return;
        }
        let page = tracker.find(({ content }) => content.path === path);
        if (!page) {
          page = create(path);
          await tracker.add(page);
        }
        if (!page.isAttached) {
          // Beside the notebook: findings are read with the cells in view.
          shell.add(page, 'main', { type: 'MLOps Check', mode: 'split-right' });
        }
        shell.activateById(page.id);
        await page.content.again();
        return page;
      }
    });
    palette?.addItem({
      command: CommandIDs.check,
      category: trans.__('MLOps'),
      args: { isPalette: true }
    });
    notebookTracker.currentChanged.connect(() => {
      commands.notifyCommandChanged(CommandIDs.check);
    });
    void restorer?.restore(tracker, {
      command: CommandIDs.check,
      args: ({ content }) => ({ path: content.path }),
      name: ({ content }) => content.path
    });
  }
};
