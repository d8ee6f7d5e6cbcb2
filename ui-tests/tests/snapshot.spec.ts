import { expect, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';

/** Can be swept, and imports a module that lies beside it. The same content would be the same snapshot: each differs. */
function notebook(remark: string): string {
  const cells = [
    ['C = 1.0', 'parameters'],
    ['import helper\naccuracy = helper.score(C)', 'metrics'],
    ['print(accuracy)'],
    [`# ${remark}`]
  ];
  return JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      kernelspec: {
        name: 'python3',
        display_name: 'Python 3 (ipykernel)',
        language: 'python'
      },
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

/** Open the notebook, saved as JupyterLab writes it, with the module that it imports beside it. */
async function open(
  page: IJupyterLabPageFixture,
  folder: string
): Promise<string> {
  const path = `${folder}/story.ipynb`;
  const helper = 'def score(C):\n    return 1 / C\n';
  await page.contents.uploadContent(helper, 'text', `${folder}/helper.py`);
  await page.contents.uploadContent(notebook(folder), 'text', path);
  await page.notebook.openByPath(path);
  await activate(page);
  // Where there is no room for all of a toolbar, JupyterLab puts its end behind a button.
  await page.sidebar.close('left');
  // A kernel that begins writes into the notebook what it is.
  await expect(page.locator('#jp-main-statusbar')).toContainText('Idle');
  await page.notebook.save();
  return path;
}

/** Put the notebook in front, and not the page of its snapshot. */
async function activate(page: IJupyterLabPageFixture): Promise<void> {
  await tab(page).click();
}

function tab(page: IJupyterLabPageFixture) {
  return page.getByRole('tab', { name: 'story.ipynb', exact: true });
}

function toolbar(page: IJupyterLabPageFixture) {
  return page.getByRole('main').locator('.jp-NotebookPanel-toolbar');
}

function badge(page: IJupyterLabPageFixture) {
  return toolbar(page).locator('.jp-mlops-Badge button');
}

async function snapshot(page: IJupyterLabPageFixture): Promise<void> {
  await activate(page);
  await toolbar(page)
    .locator('[data-jp-item-name="mlops-snapshot"]')
    .getByRole('button')
    .click();
  await expect(badge(page)).toContainText('✓ kept');
}

async function edit(
  page: IJupyterLabPageFixture,
  cell: number,
  source: string
): Promise<void> {
  await activate(page);
  await page.notebook.setCell(cell, 'code', source);
  await expect(badge(page)).toContainText('unsaved changes');
  await page.notebook.save();
}

test.describe('A snapshot', () => {
  test('is kept from the toolbar, shown, and compared with the next one', async ({
    page,
    tmpPath
  }) => {
    await open(page, tmpPath);
    await snapshot(page);
    await badge(page).click();

    const head = page.getByRole('main').locator('.jp-mlops-Head');
    await expect(
      head.getByRole('heading', { name: 'story.ipynb' })
    ).toBeVisible();
    const files = page.getByRole('region', { name: /^Files/ });
    await expect(files).toContainText('helper.py');
    await expect(page.getByRole('region', { name: /^Notebook/ })).toContainText(
      'C'
    );
    const packages = page.getByRole('region', { name: /^Packages \d/ });
    await packages.getByRole('searchbox').fill('ipykernel');
    await expect(packages.getByRole('listitem')).toHaveCount(1);

    await edit(page, 1, 'import helper\naccuracy = 2 * helper.score(C)');
    await expect(badge(page)).toContainText('changed');
    await expect(badge(page)).toHaveAttribute(
      'title',
      /^Changed: the notebook/
    );
    await snapshot(page);
    await badge(page).click();
    const shown = page.getByRole('main').locator('.jp-mlops-Head:visible');
    await shown.getByRole('button', { name: 'Compare…' }).click();
    await shown.getByRole('button', { name: 'Compare', exact: true }).click();

    const lines = page.getByRole('region', { name: 'Cell 2 changed' });
    await expect(lines).toContainText('-accuracy = helper.score(C)');
    await expect(lines).toContainText('+accuracy = 2 * helper.score(C)');
    await expect(page.getByRole('region', { name: /^Packages/ })).toBeHidden();

    // Both pages are there again after a reload, once JupyterLab has saved its layout.
    await page.waitForTimeout(3_000);
    await page.reload({ waitForIsReady: false });
    await expect(lines).toContainText('+accuracy = 2 * helper.score(C)');
  });

  test('says what it finds before anything runs, and leads to the cell', async ({
    page,
    tmpPath
  }) => {
    await open(page, tmpPath);
    await edit(page, 2, 'print(acuracy)');
    await toolbar(page).getByRole('button', { name: 'Sweep…' }).click();

    const form = page.getByRole('form', { name: 'Sweep of story' });
    const finding = form.getByRole('button', { name: /cell 3.*acuracy/ });
    await expect(finding).toContainText('error');
    await expect(form.getByText('1 error found by the check')).toBeVisible();
    await finding.press('Enter');

    const active = page.getByRole('main').locator('.jp-Cell.jp-mod-active');
    await expect(active).toContainText('acuracy');
    await expect(active).toBeInViewport();
  });

  test('is swept again as it was, whatever the file says now', async ({
    page,
    tmpPath
  }) => {
    const path = await open(page, tmpPath);
    await page.evaluate(async notebook => {
      const { commands } = window.jupyterapp;
      const request = {
        notebook,
        parameters: { C: { kind: 'list', values: [1, 4] } },
        objective: 'accuracy'
      };
      const { id } = await commands.execute('mlops:run-sweep', { request });
      await commands.execute('mlops:open-sweep', { id });
    }, path);
    await expect(page.getByText('2/2 · best accuracy 1')).toBeVisible();
    await edit(page, 1, 'accuracy = 0');

    await page.getByRole('tab', { name: '✓ story · sweep' }).click();
    await page.getByRole('button', { name: 'Sweep again…' }).click();
    const form = page.getByRole('form', { name: 'Sweep of story' });
    await expect(form.getByRole('note')).toContainText('Runs snapshot');
    const C = form.getByRole('group', { name: 'C', exact: true });
    await expect(C.getByRole('textbox')).toHaveValue('1, 4');
    await C.getByRole('textbox').fill('2');
    await form.getByRole('button', { name: 'Run 1 trial' }).click();

    await expect(page.getByText('1/1 · best accuracy 0.5')).toBeVisible();
    await page.getByText('Details').locator('visible=true').click();
    await page
      .getByRole('main')
      .getByTitle(/^Show snapshot/)
      .locator('visible=true')
      .click();
    const uses = page.getByRole('region', { name: 'Used by 2' });
    await expect(uses.getByRole('button', { name: 'story' })).toHaveCount(2);
  });

  test('is verified, and restored with a kernel of its own', async ({
    page,
    tmpPath
  }) => {
    await open(page, tmpPath);
    await snapshot(page);
    await badge(page).click();

    await page.getByRole('button', { name: 'Verify' }).click();
    const uses = page.getByRole('region', { name: 'Used by 1' });
    await expect(
      uses.getByRole('button', { name: /^(runs|reproduces)/ })
    ).toBeVisible({ timeout: 180_000 });

    await page.getByRole('button', { name: 'Restore…' }).click();
    const restore = page.getByRole('form', { name: 'Restore the snapshot' });
    await restore
      .getByRole('textbox', { name: 'Folder' })
      .fill(`${tmpPath}/again`);
    await restore.getByRole('button', { name: 'Restore', exact: true }).click();
    await restore
      .getByRole('button', { name: 'Open it' })
      .click({ timeout: 180_000 });
    await expect(tab(page)).toHaveCount(2);
    await expect(
      page.locator('.jp-KernelName').locator('visible=true')
    ).toContainText('snapshot');
  });
});
