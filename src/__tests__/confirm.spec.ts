import { nullTranslator } from '@jupyterlab/translation';
import { fireEvent, screen } from '@testing-library/react';

import { confirmPause } from '../sweep/confirm';
import { aSweep } from './fake-server';

const trans = nullTranslator.load('');
const onCluster = (running: number) =>
  aSweep({ executor: 'kubernetes', profile: 'small', counts: { running } });

test.each([
  ['Pause', true],
  ['Keep It Running', false]
])(
  'what runs on a cluster is interrupted only after asking: %s',
  async (name, goesOn) => {
    const answer = confirmPause(onCluster(3), trans);
    await screen.findByText(
      '3 running trials are interrupted, and begin again when you press Resume.'
    );
    // jsdom opens no dialog, so that its buttons have no roles.
    fireEvent.click(screen.getByText(name));
    expect(await answer).toBe(goesOn);
  }
);

test.each([
  ['nothing runs', onCluster(0)],
  ['what runs ends by itself', aSweep({ counts: { running: 3 } })]
])('nobody is asked where %s', async (_, sweep) => {
  expect(await confirmPause(sweep, trans)).toBe(true);
});
