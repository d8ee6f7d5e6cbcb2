import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IMlopsModel, TRANSLATION_DOMAIN } from '../tokens';
import { Sidebar } from './sidebar';

const SECTIONS_KEY = 'jupyter-mlops:sections';
/** Runs is open until somebody closes it. */
const SECTIONS = [true, false, false];

/** The panel in the left sidebar. */
export const sidebarPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlops:sidebar',
  description: 'Adds the MLOps panel to the left sidebar.',
  autoStart: true,
  requires: [IMlopsModel, INotebookTracker],
  optional: [ITranslator, ILayoutRestorer, IStateDB],
  activate: (
    app: JupyterFrontEnd,
    model: IMlopsModel,
    notebooks: INotebookTracker,
    maybeTranslator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null
  ) => {
    const translator = maybeTranslator ?? nullTranslator;
    const sidebar = new Sidebar({
      model,
      commands: app.commands,
      notebooks,
      translator,
      trans: translator.load(TRANSLATION_DOMAIN)
    });
    sidebar.sections = SECTIONS;
    app.shell.add(sidebar, 'left', { rank: 600, type: 'MLOps' });
    restorer?.add(sidebar, sidebar.id);
    if (state) {
      void rememberSections(sidebar, state);
    }
  }
};

async function rememberSections(
  sidebar: Sidebar,
  state: IStateDB
): Promise<void> {
  const kept = await state.fetch(SECTIONS_KEY).catch(() => undefined);
  if (Array.isArray(kept)) {
    sidebar.sections = kept.map(Boolean);
  }
  sidebar.sectionsChanged.connect(() => {
    void state.save(SECTIONS_KEY, sidebar.sections);
  });
}
