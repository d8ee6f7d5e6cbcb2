import { LabIcon } from '@jupyterlab/ui-components';

import clusterSvg from '../style/icons/cluster.svg';
import mlopsSvg from '../style/icons/mlops.svg';
import snapshotSvg from '../style/icons/snapshot.svg';
import sweepSvg from '../style/icons/sweep.svg';

export const mlopsIcon = new LabIcon({
  name: 'jupyter-mlops:icon',
  svgstr: mlopsSvg
});

/** Machines that belong together: what runs there does not run here. */
export const clusterIcon = new LabIcon({
  name: 'jupyter-mlops:cluster',
  svgstr: clusterSvg
});

/** A camera. */
export const snapshotIcon = new LabIcon({
  name: 'jupyter-mlops:snapshot',
  svgstr: snapshotSvg
});

/** One notebook, many settings: sliders. */
export const sweepIcon = new LabIcon({
  name: 'jupyter-mlops:sweep',
  svgstr: sweepSvg
});
