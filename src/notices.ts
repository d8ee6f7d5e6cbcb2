import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import {
  ITranslator,
  nullTranslator,
  type TranslationBundle
} from '@jupyterlab/translation';

import type { Sweep } from './api';
import { verdictWord } from './snapshot/uses';
import { bestWords, formatCount, sweepTitle } from './sweep/format';
import {
  CommandIDs,
  IMlopsModel,
  SETTINGS_ID,
  SNAPSHOT_ATTRIBUTE,
  SWEEP_ATTRIBUTE,
  TRANSLATION_DOMAIN
} from './tokens';

/** Says so when a sweep ends while one looks elsewhere. */
export const noticesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlops:notices',
  description: 'Tells of sweeps that end while their page is not in view.',
  autoStart: true,
  requires: [IMlopsModel],
  optional: [ITranslator, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    model: IMlopsModel,
    translator: ITranslator | null,
    settings: ISettingRegistry | null
  ) => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    model.ended.connect(async (_, sweep) => {
      // A sweep is cancelled by hand only: whoever did that knows.
      const known = sweep.state === 'cancelled' || inView(app, sweep);
      if (known || !(await wanted(settings))) {
        return;
      }
      const { message, type } = noticeOf(sweep, trans);
      Notification.emit(message, type, {
        autoClose: false,
        actions: [
          {
            label: trans.__('Open'),
            callback: () => {
              const { id, purpose, snapshot: digest } = sweep;
              void (purpose === 'verification'
                ? app.commands.execute(CommandIDs.openSnapshot, { digest })
                : app.commands.execute(CommandIDs.openSweep, { id }));
            }
          }
        ]
      });
    });
  }
};

/** How a sweep ended, and with what. */
export function noticeOf(
  sweep: Sweep,
  trans: TranslationBundle
): { message: string; type: Notification.TypeOptions } {
  const title = sweepTitle(sweep, trans);
  if (sweep.purpose === 'verification') {
    const type = sweep.verdict === 'fails' ? 'error' : 'success';
    const said =
      sweep.reason || (sweep.verdict && verdictWord(sweep.verdict, trans));
    return { message: [title, said].filter(Boolean).join(': '), type };
  }
  const count = formatCount(sweep.total);
  const best = bestWords(sweep, trans);
  const [head, type] =
    sweep.state === 'failed'
      ? ([trans.__('%1 has ended with failures', title), 'error'] as const)
      : ([
          trans.__('%1: all %2 trials have ended', title, count),
          'success'
        ] as const);
  const rest = [sweep.reason.replace(/\.$/, ''), best].filter(Boolean);
  return { message: [head, ...rest].join(' · '), type };
}

function inView(app: JupyterFrontEnd, sweep: Sweep): boolean {
  for (const { isVisible, node } of app.shell.widgets('main')) {
    const selector =
      sweep.purpose === 'verification'
        ? `[${SNAPSHOT_ATTRIBUTE}="${CSS.escape(sweep.snapshot)}"]`
        : `[${SWEEP_ATTRIBUTE}="${CSS.escape(sweep.id)}"]`;
    if (isVisible && (node.matches(selector) || node.querySelector(selector))) {
      return true;
    }
  }
  return false;
}

async function wanted(registry: ISettingRegistry | null): Promise<boolean> {
  try {
    const setting = await registry?.get(SETTINGS_ID, 'notifyWhenFinished');
    return setting?.composite !== false;
  } catch {
    // Settings that cannot be read are no reason to keep the news.
    return true;
  }
}
