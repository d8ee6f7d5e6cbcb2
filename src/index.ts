import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { LabIcon } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';

import mlopsSvg from '../style/icons/mlops.svg';

const icon = new LabIcon({ name: 'jupyter-mlops:icon', svgstr: mlopsSvg });

/** The panel in the left sidebar. */
const sidebar: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlops:plugin',
  description: 'The MLOps panel in the left sidebar.',
  autoStart: true,
  optional: [ITranslator, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter_mlops');
    const panel = new Widget();
    panel.id = 'jupyter-mlops-sidebar';
    panel.addClass('jp-Mlops-panel');
    panel.title.icon = icon;
    panel.title.caption = trans.__('MLOps');
    panel.node.setAttribute('role', 'region');
    panel.node.setAttribute('aria-label', trans.__('MLOps'));
    app.shell.add(panel, 'left', { rank: 600 });
    restorer?.add(panel, panel.id);
  }
};

export default [sidebar];
