import { act, fireEvent, screen, within } from '@testing-library/react';

import { CommandIDs } from '../tokens';
import { refusal } from './fake-server';
import {
  aDetails,
  anEnvironment,
  aSnapshot,
  aUse,
  DIGEST,
  OLDER
} from './snapshot-values';
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

describe('the page of a snapshot', () => {
  test('says what it is, where it came from and what it holds', async () => {
    await story.open();

    expect(story.page.title.label).toBe('digits.ipynb · a1b2c3d4');
    screen.getByRole('heading', { name: 'digits.ipynb' });
    screen.getByText(/by ada/);
    screen.getByText(
      '· commit 1234567 on main, with changes that were not committed'
    );
    const part = (name: RegExp) => within(screen.getByRole('region', { name }));
    part(/^Notebook/).getByText('C, penalty');
    part(/^Files/).getByText('helper.py');
    part(/^Files 1, 1.2 kB/).getByText('1.2 kB');
    part(/^Not kept/).getByText('The password in the remote was left out.');
    part(/^Datasets/).getByText(/names no dataset version/);
    part(/^Used by/).getByText(/Nothing has run this snapshot yet/);
    part(/^Git/).getByText(/they are kept with the snapshot/);
  });

  test('its packages are found by name, and those of no index say where from', async () => {
    await story.open();
    const packages = screen.getByRole('region', { name: /^Packages 3/ });
    within(packages).getByText('Python 3.12.4 (cpython) on linux-x86_64');
    within(packages).getByText('built from a folder, kept with the snapshot');
    within(packages).getByText(/^from git, pinned: git\+https/);

    fireEvent.change(within(packages).getByRole('searchbox'), {
      target: { value: 'Num' }
    });
    const left = within(packages).getAllByRole('listitem');
    expect(left.map(item => item.textContent)).toEqual(['numpy2.1.0']);
  });

  test('one whose kernel could not be asked says so', async () => {
    const { manifest } = aSnapshot();
    const snapshot = aSnapshot({
      manifest: { ...manifest, environment: null, files: [] },
      sighting: null
    });
    await story.open(aDetails({ snapshot }));
    screen.getByText(/its packages are not known/);
    screen.getByText(/imports no module of its own/);
    screen.getByText('The notebook was not in a git repository.');
  });

  test('one that is not there says so, and can be asked for again', async () => {
    await story.open(refusal('NotFound', 'There is no snapshot a1.', 404));
    expect(screen.getByRole('alert').textContent).toContain('no snapshot a1');

    story.server.routes.set(`GET snapshots/${DIGEST}`, () => aDetails());
    story.press('Try again');
    await pass(50);
    screen.getByRole('heading', { name: 'digits.ipynb' });
  });

  test('what it holds is text, whatever it says', async () => {
    const evil = '<img src=x onerror="window.evil = 1">';
    const { manifest, sighting } = aSnapshot();
    const snapshot = aSnapshot({
      manifest: { ...manifest, name: evil, datasets: [evil] },
      sighting: { ...sighting!, user: evil, notes: [evil] }
    });
    await story.open(aDetails({ snapshot, uses: [aUse({ name: evil })] }));
    expect(story.page.node.querySelector('img')).toBeNull();
    expect(screen.getAllByText(evil).length).toBeGreaterThan(2);
  });
});

describe('what can be done with a snapshot', () => {
  test('a sweep of it, as the last one where there was one', async () => {
    await story.open();
    story.press('Sweep…');
    story.server.routes.set(`GET snapshots/${DIGEST}`, () =>
      aDetails({ uses: [aUse({ kind: 'verification', id: 'v' }), aUse()] })
    );
    act(() => story.page.hide());
    act(() => story.page.show());
    await pass(50);
    story.press('Sweep again…');
    const path = 'work/digits.ipynb';
    expect(story.executed).toEqual([
      [CommandIDs.sweep, { path, snapshot: DIGEST, again: null }],
      [CommandIDs.sweep, { path, snapshot: DIGEST, again: 's1' }]
    ]);
  });

  test('it is restored, its environment followed until it is built, and story.opened', async () => {
    await story.open();
    const folders: unknown[] = [];
    story.server.routes.set(`POST snapshots/${DIGEST}/restore`, body => {
      folders.push(body);
      return {
        folder: 'digits-a1b2c3d4',
        notebook: 'digits-a1b2c3d4/work/digits.ipynb',
        files: 2,
        environment: anEnvironment(),
        notes: ['The folder data was not kept.']
      };
    });
    let environment = anEnvironment({ message: 'Installing 30 of 40' });
    story.server.routes.set('GET environments/e1', () => environment);

    story.press('Restore…');
    const form = screen.getByRole('form', { name: 'Restore the snapshot' });
    const folder = within(form).getByRole('textbox', { name: 'Folder' });
    expect((folder as HTMLInputElement).value).toBe('digits-a1b2c3d4');
    fireEvent.submit(form);
    await pass(50);
    expect(form.textContent).toContain('2 files are in digits-a1b2c3d4.');
    expect(form.textContent).toContain('Installing 3 of 40 packages');
    within(form).getByText('The folder data was not kept.');
    expect(screen.queryByRole('button', { name: 'Open it' })).toBeNull();

    await pass(1_000);
    expect(form.textContent).toContain('Installing 30 of 40');
    environment = anEnvironment({ status: 'ready', kernel: 'mlops-e1' });
    await pass(1_000);
    expect(form.textContent).toContain('as kernel mlops-e1');
    story.press('Open it');
    await pass(5_000);

    expect(folders).toEqual([{ folder: 'digits-a1b2c3d4' }]);
    expect(story.opened).toEqual([
      ['digits-a1b2c3d4/work/digits.ipynb', 'mlops-e1']
    ]);
    expect(story.server.count('GET environments/e1')).toBe(2);
  });

  test('a folder that cannot be used is refused in words', async () => {
    await story.open();
    story.server.routes.set(`POST snapshots/${DIGEST}/restore`, () =>
      refusal('Invalid', 'The folder digits is not empty.', 422)
    );
    story.press('Restore…');
    fireEvent.submit(screen.getByRole('form'));
    await pass(50);
    expect(screen.getByRole('alert').textContent).toBe(
      'The folder digits is not empty.'
    );
    fireEvent.keyDown(screen.getByRole('textbox'), { key: 'Escape' });
    expect(screen.queryByRole('form')).toBeNull();
  });

  test('it is compared with the one before, or with another', async () => {
    const newest = aSnapshot({ digest: 'ffffffffffff', created: 9_000 });
    const older = aSnapshot({ digest: OLDER, created: 1_000 });
    story.server.routes.set('GET snapshots', (_, query) => ({
      snapshots:
        query!.get('notebook') === 'work/digits.ipynb'
          ? [newest, aSnapshot(), older]
          : []
    }));
    await story.open();
    story.press('Compare…');
    const others = screen.getByRole('combobox', { name: 'Compare with' });
    expect((others as HTMLSelectElement).value).toBe(OLDER);
    story.press('Compare');
    fireEvent.change(others, { target: { value: newest.digest } });
    story.press('Compare');
    // The older one stands first.
    expect(story.executed).toEqual([
      [CommandIDs.compareSnapshots, { left: OLDER, right: DIGEST }],
      [CommandIDs.compareSnapshots, { left: DIGEST, right: newest.digest }]
    ]);
  });

  test('with nothing to compare, it says how there would be', async () => {
    await story.open();
    story.press('Compare…');
    screen.getByText(/This is the only snapshot/);
  });
});
