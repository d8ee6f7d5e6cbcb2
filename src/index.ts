import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { checkPlugin } from './check/plugin';
import { commandsPlugin } from './commands';
import { modelPlugin } from './model-plugin';
import { noticesPlugin } from './notices';
import { notebookCommandsPlugin } from './notebook-commands';
import { sidebarPlugin } from './sidebar/plugin';
import { badgePlugin } from './snapshot/badge-plugin';
import { snapshotPagesPlugin } from './snapshot/plugin';
import { sweepFormPlugin } from './sweep/form-plugin';
import { sweepPagePlugin, trialNotebookPlugin } from './sweep/plugin';

/** Small plugins, joined by one token: `IMlopsModel`. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [
  modelPlugin,
  commandsPlugin,
  notebookCommandsPlugin,
  noticesPlugin,
  sidebarPlugin,
  badgePlugin,
  snapshotPagesPlugin,
  checkPlugin,
  sweepFormPlugin,
  sweepPagePlugin,
  trialNotebookPlugin
];

export default plugins;
export { IMlopsModel } from './tokens';
