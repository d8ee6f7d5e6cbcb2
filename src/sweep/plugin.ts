import {
  ILabShell,
  ILayoutRestorer,
  IRouter,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  type MainAreaWidget,
  Notification,
  WidgetTracker
} from '@jupyterlab/apputils';
import { PageConfig, URLExt } from '@jupyterlab/coreutils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { SWEEP_ARGS, TRIAL_ARGS, trialOf } from '../command-args';
import { orNotify, sweepMeant } from '../commands';
import { CommandIDs, IMlopsModel, TRANSLATION_DOMAIN } from '../tokens';
import {
  isTrialPath,
  type ITrialPlace,
  parseTrialPath,
  TrialsDrive
} from '../trials-drive';
import { DEFAULT_TASTE, type IPageTaste } from './page';
import { createSweepPage, type SweepPageWidget } from './page-widget';
import { followTrial } from './trial-notebook';

const TASTE_KEY = 'jupyter-mlops:sweep-page';

/** The pages of sweeps. */
export const sweepPagePlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlops:sweep-page',
  description: 'Shows a sweep and its trials in the main area.',
  autoStart: true,
  requires: [IMlopsModel],
  optional: [ITranslator, ILayoutRestorer, IStateDB],
  activate: (
    app: JupyterFrontEnd,
    model: IMlopsModel,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null
  ) => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const { baseUrl } = app.serviceManager.serverSettings;
    const tracker = new WidgetTracker<MainAreaWidget<SweepPageWidget>>({
      namespace: 'jupyter-mlops-sweep'
    });
    const taste = keepTaste(tracker, state);

    app.commands.addCommand(CommandIDs.openSweep, {
      label: args => (args.context ? trans.__('Open') : trans.__('Open Sweep')),
      describedBy: { args: SWEEP_ARGS },
      execute: async args => {
        // A page is restored before the list of sweeps is known: an id needs no list.
        const id = args.id ? String(args.id) : sweepMeant(app, model, args)?.id;
        if (!id) {
          return;
        }
        let page = tracker.find(({ content }) => content.sweepId === id);
        if (!page) {
          const { commands } = app;
          page = createSweepPage({ id, model, commands, baseUrl, trans });
          page.content.taste = taste();
          await tracker.add(page);
        }
        if (!page.isAttached) {
          app.shell.add(page, 'main', { type: 'MLOps Sweep' });
        }
        app.shell.activateById(page.id);
        return page;
      }
    });
    void restorer?.restore(tracker, {
      command: CommandIDs.openSweep,
      args: ({ content }) => ({ id: content.sweepId }),
      name: ({ content }) => content.sweepId
    });
  }
};

/** What is chosen on one page holds for all of them, and for the next visit. */
function keepTaste(
  tracker: WidgetTracker<MainAreaWidget<SweepPageWidget>>,
  state: IStateDB | null
): () => IPageTaste {
  let taste = DEFAULT_TASTE;
  const apply = (next: IPageTaste) => {
    taste = next;
    tracker.forEach(({ content }) => {
      content.taste = next;
    });
  };
  tracker.widgetAdded.connect((_, { content }) => {
    content.tasteChanged.connect((_, next) => {
      apply(next);
      void state?.save(TASTE_KEY, next as never);
    });
  });
  void state
    ?.fetch(TASTE_KEY)
    .then(kept => apply({ ...DEFAULT_TASTE, ...(kept as object) }))
    .catch(reason => console.warn('The look of sweep pages is lost.', reason));
  return () => taste;
}

/** The executed notebooks of trials, as documents of JupyterLab. */
export const trialNotebookPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlops:trial-notebooks',
  description: 'Opens the executed notebooks of trials, live while they run.',
  // The drive has to be there before the layout of the last visit is restored.
  autoStart: true,
  requires: [IMlopsModel, IDocumentManager, INotebookTracker],
  optional: [ITranslator, ILabShell, IRouter],
  activate: (
    app: JupyterFrontEnd,
    model: IMlopsModel,
    documents: IDocumentManager,
    notebooks: INotebookTracker,
    translator: ITranslator | null,
    shell: ILabShell | null,
    router: IRouter | null
  ) => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const { contents, serverSettings } = app.serviceManager;
    const drive = new TrialsDrive({ model, serverSettings, trans });
    contents.addDrive(drive);

    const onRun = () => {
      Notification.info(
        trans.__(
          'This notebook is the record of a trial and is not run again. To try something, open the one the sweep was made from.'
        ),
        { autoClose: 5000 }
      );
    };
    notebooks.widgetAdded.connect((_, panel) => {
      const { path } = panel.context;
      const place = isTrialPath(path) ? parseTrialPath(path) : null;
      if (place) {
        followTrial({ panel, place, model, contents, drive, onRun });
      }
    });

    if (shell && router) {
      void app.started.then(() => keepOutOfAddress(shell, router));
    }

    app.commands.addCommand(CommandIDs.openTrial, {
      label: trans.__('Open Executed Notebook'),
      describedBy: { args: TRIAL_ARGS },
      execute: args =>
        orNotify(openTrial(app, documents, notebooks, drive, trialOf(args)))
    });
  }
};

/**
 * JupyterLab writes the path of the current document into the page's address, and on reload looks for it in a file
 * browser of its drive. This drive has none; the restored layout opens the document anyway.
 */
function keepOutOfAddress(shell: ILabShell, router: IRouter): void {
  shell.currentPathChanged.connect((_, { newValue }) => {
    if (isTrialPath(newValue)) {
      // After JupyterLab has done so, whoever listens first.
      setTimeout(() => {
        const address = PageConfig.getUrl({ treePath: '' });
        PageConfig.setOption('treePath', '');
        router.navigate(URLExt.parse(address).pathname, { skipRouting: true });
      });
    }
  });
}

async function openTrial(
  app: JupyterFrontEnd,
  documents: IDocumentManager,
  notebooks: INotebookTracker,
  drive: TrialsDrive,
  place: ITrialPlace
): Promise<void> {
  // Why there is none belongs in a notification, not into a document that then closes.
  const path = await drive.prepare(place);
  let last: NotebookPanel | undefined;
  notebooks.forEach(panel => {
    if (isTrialPath(panel.context.path) && panel.isAttached) {
      last = panel;
    }
  });
  documents.openOrReveal(
    path,
    'Notebook',
    undefined,
    last
      ? { mode: 'tab-after', ref: last.id }
      : { mode: 'split-right', ref: app.shell.currentWidget?.id },
    { canStart: false, shouldStart: false, shouldReuse: false }
  );
}
