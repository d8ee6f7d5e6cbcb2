import { expect, test } from '@jupyterlab/galata';
import { resolve } from 'path';

const EXAMPLE = resolve(__dirname, '../../examples/digits.ipynb');

test.describe('From an open notebook to a sweep', () => {
  test('the form says what Run will do, and Run does it', async ({
    page,
    tmpPath
  }) => {
    await page.contents.uploadFile(EXAMPLE, `${tmpPath}/digits.ipynb`);
    await page.notebook.openByPath(`${tmpPath}/digits.ipynb`);
    await page
      .getByRole('main')
      .getByRole('button', { name: 'Sweep…' })
      .click();

    const form = page.getByRole('form', { name: 'Sweep of digits' });
    const C = form.getByRole('group', { name: 'C', exact: true });
    await C.getByRole('radio', { name: 'list' }).check();
    await C.getByRole('textbox').fill('0.1, one');
    await expect(C.getByText('“one” is not a number.')).toBeVisible();
    await expect(form.getByText('Mend first: C.')).toBeVisible();

    await C.getByRole('textbox').fill('0.1, 1');
    const run = form.getByRole('button', { name: 'Run 2 trials' });
    await expect(run).toBeEnabled();
    await C.getByRole('textbox').press('Control+Enter');

    // The form makes way for the page of the sweep, and the panel lists it.
    await expect(form).toBeHidden();
    await page
      .getByRole('complementary')
      .getByRole('tab', { name: 'MLOps' })
      .click();
    const runs = page.getByRole('grid', { name: 'Sweeps, newest first' });
    await expect(
      runs.getByRole('gridcell', { name: /^digits, succeeded, 2\/2/ })
    ).toBeVisible({ timeout: 60_000 });
  });

  test('a place that cannot be used says why before Run, and another runs', async ({
    page,
    tmpPath
  }) => {
    await page.contents.uploadFile(EXAMPLE, `${tmpPath}/digits.ipynb`);
    await page.notebook.openByPath(`${tmpPath}/digits.ipynb`);
    await page
      .getByRole('main')
      .getByRole('button', { name: 'Sweep…' })
      .click();

    const form = page.getByRole('form', { name: 'Sweep of digits' });
    const places = form.getByRole('radiogroup', { name: 'Run on' });
    const here = places.getByRole('radio', { name: 'this machine' });
    const run = form.getByRole('button', { name: 'Run 1 trial' });
    await expect(here).toBeChecked();
    await expect(run).toBeEnabled();

    // By keys alone: the arrow chooses.
    await here.focus();
    await page.keyboard.press('ArrowRight');
    await expect(
      places.getByRole('radio', { name: 'Kubernetes' })
    ).toBeChecked();
    const why = form.getByText(/^Pods cannot reach the embedded MLflow store/);
    await expect(why).toBeVisible();
    await expect(why).toContainText('mlflow server');
    await expect(run).toBeDisabled();
    await expect(run).toHaveAccessibleDescription(
      'Kubernetes cannot be used as it is set up; see “Run on”.'
    );
    await form
      .getByRole('combobox', { name: 'Compute profile' })
      .selectOption('One GPU');
    await expect(form).toContainText('Each pod: 4 CPU, 16Gi, 1 nvidia.com/gpu');
    await expect(
      form.getByRole('textbox', { name: 'Pods at once, 20 at most' })
    ).toBeVisible();
    // Nothing happens, and the focus goes to what is to be mended.
    await form.press('Control+Enter');
    await expect(
      places.getByRole('radio', { name: 'Kubernetes' })
    ).toBeFocused();

    await page.keyboard.press('ArrowLeft');
    await expect(why).toBeHidden();
    await expect(run).toBeEnabled();
    await run.click();
    await expect(form).toBeHidden();
    await expect(page.getByText(/^1\/1 · best accuracy/)).toBeVisible({
      timeout: 60_000
    });
  });

  test('a notebook without parameters offers to tag a cell', async ({
    page,
    tmpPath
  }) => {
    await page.contents.uploadContent(
      JSON.stringify({
        cells: [
          {
            cell_type: 'code',
            id: 'settings',
            metadata: {},
            source: 'lr = 0.1',
            outputs: [],
            execution_count: null
          }
        ],
        metadata: {
          kernelspec: { name: 'python3', display_name: 'Python 3' },
          language_info: { name: 'python' }
        },
        nbformat: 4,
        nbformat_minor: 5
      }),
      'text',
      `${tmpPath}/plain.ipynb`
    );
    await page.notebook.openByPath(`${tmpPath}/plain.ipynb`);
    await page
      .getByRole('main')
      .getByRole('button', { name: 'Sweep…' })
      .click();

    await page
      .getByRole('button', { name: 'Tag cell 1 as parameters' })
      .click();

    await expect(
      page.getByRole('group', { name: 'lr', exact: true })
    ).toBeVisible();
  });
});
