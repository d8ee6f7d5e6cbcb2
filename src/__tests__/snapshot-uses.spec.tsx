import { act, screen, within } from '@testing-library/react';

import { CommandIDs } from '../tokens';
import { aSweep } from './fake-server';
import { aDetails, aUse, DIGEST } from './snapshot-values';
import { pass, SnapshotStory } from './snapshot-story';

let story: SnapshotStory;

beforeEach(() => {
  jest.useFakeTimers();
  story = new SnapshotStory();
});

afterEach(() => {
  story.close();
  jest.useRealTimers();
});

describe('what used a snapshot', () => {
  test('opens, and says how it stands', async () => {
    await story.open(
      aDetails({ uses: [aUse({ state: 'failed', reason: '1 of 3 failed' })] })
    );
    screen.getByText('failed: 1 of 3 failed');
    story.press('digits');
    expect(story.executed).toEqual([[CommandIDs.openSweep, { id: 's1' }]]);
  });

  test('a verification is followed to its verdict, and shows its differences', async () => {
    await story.open();
    const running = aSweep({
      id: 'v1',
      purpose: 'verification',
      snapshot: DIGEST
    });
    story.server.sweeps = [running];
    let use = aUse({
      kind: 'verification',
      id: 'v1',
      state: 'running',
      ended: null
    });
    story.server.routes.set(`GET snapshots/${DIGEST}`, () =>
      aDetails({ uses: [use] })
    );
    story.press('Verify');
    await pass(500);
    expect(story.executed).toEqual([
      [CommandIDs.verifySnapshot, { digest: DIGEST }]
    ]);
    const uses = screen.getByRole('region', { name: /^Used by/ });
    within(uses).getByText('running');

    story.server.sweeps = [
      { ...running, state: 'succeeded', ended: 3_000, verdict: 'differs' }
    ];
    use = aUse({
      kind: 'verification',
      id: 'v1',
      ended: 3_000,
      verdict: 'differs',
      reason: 'runs, outputs differ in cell 4'
    });
    await pass(7_000);
    story.server.routes.set('GET verifications/v1', () => ({
      verdict: 'differs',
      sentence: 'runs, outputs differ in cell 4',
      reference: 'the outputs in the notebook',
      cells: [{ cell: 3, lines: ['-0.97', '+0.96'] }]
    }));
    story.press('runs, outputs differ in cell 4');
    await pass(50);

    screen.getByText('Outputs of cell 4');
    const lines = screen.getByRole('region', {
      name: 'How the outputs of cell 4 differ'
    });
    expect(lines.textContent).toBe('-0.97\n+0.96\n');
    const asked = story.server.count('GET sweeps/v1');
    await pass(60_000);
    expect(story.server.count('GET sweeps/v1')).toBe(asked);
    story.press('Hide what the verification found');
    await pass(50);
    expect(screen.queryByText('Outputs of cell 4')).toBeNull();
  });

  test('a sweep that begins elsewhere is among them a moment later', async () => {
    await story.open();
    story.server.routes.set(`GET snapshots/${DIGEST}`, () =>
      aDetails({ uses: [aUse()] })
    );
    story.server.sweeps = [
      aSweep({ snapshot: DIGEST, state: 'succeeded', ended: 2_000 })
    ];
    await act(() => story.model.refresh());
    await pass(500);
    screen.getByRole('button', { name: 'digits' });
  });
});
