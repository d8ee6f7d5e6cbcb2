import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { CommandIDs, IMlopsModel, TRANSLATION_DOMAIN } from '../tokens';
import { isTrialPath } from '../trials-drive';
import { Badge } from './badge';
import { BadgeModel } from './badge-model';

/** Where the badge stands among the items of the notebook's toolbar: see `schema/plugin.json`. */
const ITEM = 'mlops-badge';

/** Says in every notebook's toolbar whether it is kept. */
export const badgePlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlops:badge',
  description: 'Shows whether a notebook changed since its last snapshot.',
  autoStart: true,
  requires: [IMlopsModel],
  optional: [ITranslator, IToolbarWidgetRegistry],
  activate: (
    app: JupyterFrontEnd,
    model: IMlopsModel,
    translator: ITranslator | null,
    toolbars: IToolbarWidgetRegistry | null
  ) => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const { commands } = app;
    const { contents } = app.serviceManager;
    toolbars?.addFactory<NotebookPanel>('Notebook', ITEM, panel => {
      const { context } = panel;
      if (isTrialPath(context.path)) {
        // The record of a trial was made of a snapshot, and is never one itself.
        return new Widget();
      }
      const path = () => contents.localPath(context.path);
      const badge = new BadgeModel({
        context,
        path,
        snapshots: model.snapshots,
        visible: () => panel.isVisible && !document.hidden
      });
      void context.ready.then(() => badge.look());
      return new Badge({
        model: badge,
        trans,
        onOpen: digest =>
          void commands.execute(CommandIDs.openSnapshot, { digest }),
        onKeep: () =>
          void commands.execute(CommandIDs.snapshot, { path: path() })
      });
    });
  }
};
