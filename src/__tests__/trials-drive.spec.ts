import { ContentsManager, ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';

import { MlopsModel } from '../model';
import {
  isTrialPath,
  parseTrialPath,
  trialPath,
  TrialsDrive
} from '../trials-drive';

const trans = nullTranslator.load('');

/** A server that knows one executed notebook. */
async function answer(request: RequestInfo | URL): Promise<Response> {
  const { pathname } = new URL((request as Request).url);
  if (pathname === '/mlops/sweeps/s1/trials/17/notebook') {
    const cell = { cell_type: 'code', source: '1/0', outputs: [] };
    const metadata = { trusted: true, tags: ['x'] };
    return json({
      name: 'digits.ipynb',
      failed_cell: 0,
      content: { nbformat: 4, metadata: {}, cells: [{ ...cell, metadata }] }
    });
  }
  if (pathname.endsWith('/notebook')) {
    const message = 'Trial 18 waits to be started: it has no notebook yet.';
    return json({ message, kind: 'NotFound', problems: [] }, 404);
  }
  return json({ sweeps: [], online: true });
}

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status });
}

let contents: ContentsManager;
let drive: TrialsDrive;
let model: MlopsModel;

beforeEach(() => {
  const serverSettings = ServerConnection.makeSettings({
    baseUrl: 'http://localhost/',
    fetch: answer
  });
  model = new MlopsModel({ serverSettings, trans });
  drive = new TrialsDrive({ model, serverSettings, trans });
  contents = new ContentsManager({ serverSettings });
  contents.addDrive(drive);
});

afterEach(() => {
  model.dispose();
  contents.dispose();
});

test.each<[string, string | null]>([
  ['mlops:s1/17/digits.ipynb', 's1/17'],
  ['/s1/0/a b: ü.ipynb', 's1/0'],
  ['mlops:s1/17', null],
  ['mlops:s1/x/digits.ipynb', null],
  ['mlops:s1/-1/digits.ipynb', null],
  ['mlops:s1/1/2/digits.ipynb', null],
  ['', null]
])('the path %p names the trial %p', (path, trial) => {
  const place = parseTrialPath(path);
  expect(place && `${place.sweep}/${place.index}`).toBe(trial);
});

test('paths of trials go there and back', () => {
  const place = { sweep: 's1', index: 3 };
  const path = trialPath(place, 'work/my digits.ipynb', trans);
  expect(path).toBe('mlops:s1/3/trial 3 · my digits.ipynb');
  expect(parseTrialPath(path)).toEqual(place);
  expect(isTrialPath(path)).toBe(true);
  expect(isTrialPath('s1/3/digits.ipynb')).toBe(false);
  expect(trialPath(place, '', trans)).toBe(
    'mlops:s1/3/trial 3 · notebook.ipynb'
  );
});

test('an executed notebook is a file that cannot be written and is not trusted', async () => {
  const file = await contents.get('mlops:s1/17/digits.ipynb');

  expect(file).toMatchObject({
    name: 'digits.ipynb',
    path: 'mlops:s1/17/digits.ipynb',
    type: 'notebook',
    format: 'json',
    writable: false
  });
  expect(file.content.cells[0].metadata).toEqual({ tags: ['x'] });
  expect(drive.failedCell({ sweep: 's1', index: 17 })).toBe(0);
});

test('asking for a file without its content asks the server nothing', async () => {
  const file = await contents.get('mlops:s9/1/x.ipynb', { content: false });
  expect(file).toMatchObject({ type: 'notebook', content: null });
});

test('a trial without a notebook says why', async () => {
  await expect(contents.get('mlops:s1/18/digits.ipynb')).rejects.toMatchObject({
    message: 'Trial 18 waits to be started: it has no notebook yet.',
    response: { status: 404 }
  });
});

test('everything but reading is refused in words', async () => {
  const path = 'mlops:s1/17/digits.ipynb';
  await expect(contents.get('mlops:')).rejects.toThrow('There is no / here');
  for (const verb of [
    () => contents.save(path, {}),
    () => contents.delete(path),
    () => contents.rename(path, 'mlops:s1/17/other.ipynb'),
    () => contents.copy(path, 'mlops:s1'),
    () => contents.newUntitled({ path: 'mlops:digits.ipynb' }),
    () => contents.createCheckpoint(path)
  ]) {
    await expect(verb()).rejects.toThrow(
      'digits.ipynb is the record of a trial and cannot be changed.'
    );
  }
  expect(await contents.listCheckpoints(path)).toEqual([]);
});

test('a download is a copy of the notebook', async () => {
  let copy: Blob | undefined;
  URL.createObjectURL = blob => {
    copy = blob as Blob;
    return 'blob:copy';
  };
  URL.revokeObjectURL = () => undefined;

  expect(await contents.getDownloadUrl('mlops:s1/17/digits.ipynb')).toBe(
    'blob:copy'
  );
  const reader = new FileReader();
  const read = new Promise(resolve => (reader.onload = resolve));
  reader.readAsText(copy!);
  await read;
  expect(JSON.parse(reader.result as string).cells[0].source).toBe('1/0');
});
