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
import { INotebookTracker } from '@jupyterlab/notebook';
import {
  ITranslator,
  nullTranslator,
  type TranslationBundle
} from '@jupyterlab/translation';

import { NOTEBOOK_ARGS, SNAPSHOT_ARGS } from '../command-args';
import { snapshotIcon } from '../icons';
import { Notebooks } from '../notebooks';
import { CommandIDs, IMlopsModel, TRANSLATION_DOMAIN } from '../tokens';
import { type CompareWidget, createComparePage } from './compare-widget';
import { createSnapshotList, type SnapshotListWidget } from './list-widget';
import { createSnapshotPage, type SnapshotPageWidget } from './page-widget';

/** What the pages of snapshots are made with. */
interface IMakers {
  readonly app: JupyterFrontEnd;
  readonly model: IMlopsModel;
  readonly trans: TranslationBundle;
  readonly restorer: ILayoutRestorer | null;
}

/** The pages of snapshots. */
export const snapshotPagesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlops:snapshot-pages',
  description: 'Shows snapshots, and how two of them differ, in the main area.',
  autoStart: true,
  requires: [IMlopsModel, IDocumentManager, INotebookTracker],
  optional: [ITranslator, ILayoutRestorer, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    model: IMlopsModel,
    documents: IDocumentManager,
    tracker: INotebookTracker,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null
  ) => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const { commands, serviceManager } = app;
    const makers: IMakers = { app, model, trans, restorer };
    const notebooks = new Notebooks(
      documents,
      tracker,
      serviceManager.contents
    );

    commands.addCommand(CommandIDs.verifySnapshot, {
      label: trans.__('Verify a Snapshot'),
      describedBy: { args: SNAPSHOT_ARGS },
      // Errors go back to the page, which shows them.
      execute: args => model.verifySnapshot(String(args.digest))
    });
    addSnapshotPages(makers, async (path, kernel) => {
      // A kernel that was just built is not among those that JupyterLab knows.
      await serviceManager.kernelspecs.refreshSpecs().catch(() => undefined);
      notebooks.open(path, kernel || undefined);
    });
    addComparePages(makers);
    addLists(makers);
    palette?.addItem({
      command: CommandIDs.snapshots,
      category: trans.__('MLOps'),
      args: { isPalette: true }
    });
  }
};

function addSnapshotPages(
  makers: IMakers,
  openNotebook: (path: string, kernel: string) => Promise<void>
): void {
  const { app, model, trans, restorer } = makers;
  const { commands } = app;
  const tracker = new WidgetTracker<MainAreaWidget<SnapshotPageWidget>>({
    namespace: 'jupyter-mlops-snapshot'
  });
  commands.addCommand(CommandIDs.openSnapshot, {
    label: trans.__('Open Snapshot'),
    describedBy: { args: SNAPSHOT_ARGS },
    execute: args => {
      const digest = String(args.digest);
      return show(
        app,
        tracker,
        ({ content }) => content.digest.startsWith(digest),
        () => {
          return createSnapshotPage({
            digest,
            model,
            commands,
            trans,
            openNotebook: (path, kernel) => void openNotebook(path, kernel)
          });
        }
      );
    }
  });
  void restorer?.restore(tracker, {
    command: CommandIDs.openSnapshot,
    args: ({ content }) => ({ digest: content.digest }),
    name: ({ content }) => content.digest
  });
}

function addComparePages(makers: IMakers): void {
  const { app, model, trans, restorer } = makers;
  const { commands } = app;
  const tracker = new WidgetTracker<MainAreaWidget<CompareWidget>>({
    namespace: 'jupyter-mlops-compare'
  });
  commands.addCommand(CommandIDs.compareSnapshots, {
    label: trans.__('Compare Snapshots'),
    describedBy: {
      args: {
        type: 'object',
        required: ['left', 'right'],
        properties: {
          left: { type: 'string', description: 'Digest of the first.' },
          right: { type: 'string', description: 'Digest of the second.' }
        }
      }
    },
    execute: args => {
      const [left, right] = [String(args.left), String(args.right)];
      return show(
        app,
        tracker,
        ({ content: { sides } }) => sides[0] === left && sides[1] === right,
        () => {
          const page = createComparePage({
            left,
            right,
            snapshots: model.snapshots,
            trans,
            open: digest =>
              void commands.execute(CommandIDs.openSnapshot, { digest })
          });
          page.content.swapped.connect(() => void tracker.save(page));
          return page;
        }
      );
    }
  });
  void restorer?.restore(tracker, {
    command: CommandIDs.compareSnapshots,
    args: ({ content: { sides } }) => ({ left: sides[0], right: sides[1] }),
    name: ({ content: { sides } }) => sides.join('-')
  });
}

function addLists(makers: IMakers): void {
  const { app, model, trans, restorer } = makers;
  const { commands } = app;
  const tracker = new WidgetTracker<MainAreaWidget<SnapshotListWidget>>({
    namespace: 'jupyter-mlops-snapshots'
  });
  commands.addCommand(CommandIDs.snapshots, {
    label: trans.__('Show Snapshots'),
    caption: trans.__('Show what was kept, newest first'),
    icon: args => (args.isPalette ? undefined : snapshotIcon),
    describedBy: { args: NOTEBOOK_ARGS },
    execute: args => {
      const path = typeof args.path === 'string' ? args.path : null;
      return show(
        app,
        tracker,
        ({ content }) => content.path === path,
        () =>
          createSnapshotList({
            path,
            snapshots: model.snapshots,
            trans,
            open: digest =>
              void commands.execute(CommandIDs.openSnapshot, { digest })
          })
      );
    }
  });
  void restorer?.restore(tracker, {
    command: CommandIDs.snapshots,
    args: ({ content }) => ({ path: content.path }),
    name: ({ content }) => content.path ?? ''
  });
}

/** Show the page that is there already, else a new one. */
export async function show<W extends MainAreaWidget>(
  app: JupyterFrontEnd,
  tracker: WidgetTracker<W>,
  isIt: (page: W) => boolean,
  create: () => W
): Promise<W> {
  let page = tracker.find(isIt);
  if (!page) {
    page = create();
    await tracker.add(page);
  }
  if (!page.isAttached) {
    app.shell.add(page, 'main', { type: 'MLOps Snapshot' });
  }
  app.shell.activateById(page.id);
  return page;
}
