import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { MlopsModel } from './model';
import { IMlopsModel, SETTINGS_ID, TRANSLATION_DOMAIN } from './tokens';

/** The store that all other plugins share. */
export const modelPlugin: JupyterFrontEndPlugin<IMlopsModel> = {
  // The settings of `schema/plugin.json` hang on this id.
  id: SETTINGS_ID,
  description: 'Provides the sweeps and what can be asked of them.',
  autoStart: true,
  provides: IMlopsModel,
  optional: [ITranslator],
  activate: (app: JupyterFrontEnd, translator: ITranslator | null) => {
    const { serverSettings, events } = app.serviceManager;
    return new MlopsModel({
      serverSettings,
      events: events.stream,
      trans: (translator ?? nullTranslator).load(TRANSLATION_DOMAIN)
    });
  }
};
