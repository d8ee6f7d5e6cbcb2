import { expect, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';

/** Fails where C is 0, takes `seconds` in four steps, and prints on its way. */
const NOTEBOOK = notebook([
  ['C = 1.0\nseconds = 0.0', 'parameters'],
  ['import time\nprint("begun")\ntime.sleep(seconds)'],
  ['time.sleep(seconds)\nprint("half way")'],
  ['time.sleep(seconds)\ninverse = 1 / C'],
  ['time.sleep(seconds)\naccuracy = inverse', 'metrics']
]);

function notebook(cells: [source: string, tag?: string][]): string {
  return JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      kernelspec: { name: 'python3', display_name: 'Python 3' },
      language_info: { name: 'python' }
    },
    cells: cells.map(([source, tag], i) => ({
      id: `cell-${i}`,
      cell_type: 'code',
      source,
      metadata: tag ? { tags: [tag] } : {},
      outputs: [],
      execution_count: null
    }))
  });
}

/** Order a sweep of the notebook and open its page. */
async function sweep(
  page: IJupyterLabPageFixture,
  folder: string,
  values: number[],
  seconds: number
): Promise<void> {
  const path = `${folder}/story.ipynb`;
  await page.contents.uploadContent(NOTEBOOK, 'text', path);
  const request = {
    notebook: path,
    parameters: {
      C: { kind: 'list', values },
      seconds: { kind: 'fixed', value: seconds }
    },
    objective: 'accuracy',
    parallelism: 2
  };
  await page.evaluate(async request => {
    const { commands } = window.jupyterapp;
    const { id } = await commands.execute('mlops:run-sweep', { request });
    await commands.execute('mlops:open-sweep', { id });
  }, request as never);
}

function trial(page: IJupyterLabPageFixture, index: number) {
  return page
    .getByRole('grid', { name: /^Trials/ })
    .locator(`[data-index="${index}"]`);
}

test.describe('The page of a sweep', () => {
  test('the best trial is on top; a failed one says why and opens there', async ({
    page,
    tmpPath
  }) => {
    await sweep(page, tmpPath, [2, 0, 0.5], 0);

    await expect(page.getByText('3/3 · best accuracy 2 (trial 2)')).toBeVisible(
      { timeout: 60_000 }
    );
    const table = page.getByRole('grid', { name: /^Trials/ });
    await expect(table.locator('[aria-rowindex="2"]')).toHaveAttribute(
      'data-index',
      '2'
    );
    await expect(trial(page, 1)).toContainText('failed');
    await expect(trial(page, 1)).toContainText('ZeroDivisionError');

    await trial(page, 1).click();
    const beside = page.getByRole('region', { name: 'Trial 1' });
    await expect(beside).toContainText('division by zero');
    await beside.getByRole('tab', { name: 'Log' }).click();
    await expect(beside.getByRole('log')).toContainText('Executing notebook');
    await beside.getByRole('tab', { name: 'Notebook' }).click();
    await beside
      .getByRole('button', { name: 'Open at the failed cell' })
      .click();

    const failed = page
      .getByRole('main')
      .locator('.jp-Notebook .jp-mod-selected .jp-OutputArea');
    await expect(failed).toContainText('ZeroDivisionError');
    await expect(failed).toBeInViewport();

    // Neither a kernel was started for it, nor does a reload lose it, once JupyterLab has saved its layout.
    await page.waitForTimeout(3_000);
    await page.reload({ waitForIsReady: false });
    await expect(
      page.getByRole('tab', { name: 'trial 1 · story.ipynb' })
    ).toBeVisible({ timeout: 30_000 });
    await expect(failed).toContainText('ZeroDivisionError');
    await expect(trial(page, 1)).toBeVisible();
    const sessions = await page.request.get('/api/sessions');
    expect(await sessions.json()).toEqual([]);
  });

  test('a notebook can be read while it runs, and follows', async ({
    page,
    tmpPath
  }) => {
    await sweep(page, tmpPath, [1], 2);

    await trial(page, 0).hover();
    await page
      .getByRole('button', { name: 'Open the notebook of trial 0' })
      .click({ timeout: 30_000 });
    const cells = page.getByRole('main').locator('.jp-Notebook');
    await expect(cells).toContainText('begun');
    await expect(cells).toContainText('half way');
    await expect(page.getByText('1/1 · best accuracy 1')).toBeVisible({
      timeout: 30_000
    });
  });

  test('it is paused, goes on, and is stopped', async ({ page, tmpPath }) => {
    await sweep(page, tmpPath, [1, 2, 3, 4, 5, 6], 1);
    const buttons = page.getByRole('group', { name: 'Sweep', exact: true });
    const state = page.getByRole('main').locator('header').getByRole('status');

    await buttons.getByRole('button', { name: 'Pause' }).click();
    await expect(state).toHaveText('paused');
    await buttons.getByRole('button', { name: 'Resume' }).click();
    await expect(state).toHaveText('running');
    await buttons.getByRole('button', { name: 'Stop' }).click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: 'Stop', exact: true })
      .click();
    await expect(state).toHaveText('cancelled', { timeout: 30_000 });
    await expect(trial(page, 5)).toContainText('cancelled');
  });

  test('trials are found by their values and sorted by a column', async ({
    page,
    tmpPath
  }) => {
    await sweep(page, tmpPath, [1, 2, 4], 0);
    await expect(page.getByText('3/3 · best accuracy')).toBeVisible({
      timeout: 60_000
    });

    const table = page.getByRole('grid', { name: /^Trials/ });
    const first = table.locator('[aria-rowindex="2"]');
    await table.getByRole('button', { name: 'C', exact: true }).click();
    await table.getByRole('button', { name: 'C', exact: true }).click();
    await expect(first).toHaveAttribute('data-index', '2');
    await page.getByRole('searchbox', { name: /Filter trials/ }).fill('C=2');
    await expect(first).toHaveAttribute('data-index', '1');
    await expect(page.getByText('1 of 3')).toBeVisible();

    // By keys alone: into the table, show the trial, and away again.
    await page.getByRole('searchbox', { name: /Filter trials/ }).fill('');
    await table.focus();
    await page.keyboard.press('End');
    await page.keyboard.press('Space');
    await expect(page.getByRole('region', { name: 'Trial 0' })).toBeVisible();
  });
});
