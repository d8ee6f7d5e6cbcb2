import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Sweep } from '../api';
import { endedCount, sweepTitle } from './format';
import { interruptsOnPause } from './place';

/** Asked once, in the words of what will be lost; not where nothing will. */
export async function confirmPause(
  sweep: Sweep,
  trans: TranslationBundle
): Promise<boolean> {
  const running = sweep.counts.running ?? 0;
  if (running === 0 || !interruptsOnPause(sweep)) {
    return true;
  }
  const { button } = await showDialog({
    title: trans.__('Pause %1?', sweepTitle(sweep, trans)),
    body: trans._n(
      '%1 running trial is interrupted, and begins again when you press Resume.',
      '%1 running trials are interrupted, and begin again when you press Resume.',
      running
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Keep It Running') }),
      Dialog.okButton({ label: trans.__('Pause') })
    ]
  });
  return button.accept;
}

/** Asked once, in the words of what will be lost. */
export async function confirmStop(
  sweep: Sweep,
  trans: TranslationBundle
): Promise<boolean> {
  const running = sweep.counts.running ?? 0;
  const waiting = sweep.total - endedCount(sweep) - running;
  const { button } = await showDialog({
    title: trans.__('Stop %1?', sweepTitle(sweep, trans)),
    body: [
      running > 0 &&
        trans._n(
          '%1 running trial is stopped; what it has executed is kept.',
          '%1 running trials are stopped; what they have executed is kept.',
          running
        ),
      waiting > 0 &&
        trans._n(
          '%1 waiting trial will never start.',
          '%1 waiting trials will never start.',
          waiting
        ),
      trans.__('A stopped sweep cannot go on: to go on later, pause it.')
    ]
      .filter(Boolean)
      .join(' '),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Keep It Running') }),
      Dialog.warnButton({ label: trans.__('Stop') })
    ]
  });
  return button.accept;
}
