import { test } from '@jupyterlab/galata';
import { resolve } from 'path';

const EXAMPLES = resolve(__dirname, '../../examples');
const IMAGES = resolve(__dirname, '../../docs/images');

for (const theme of ['light', 'dark'] as const) {
  test(`the sweep form, ${theme}`, async ({ page, tmpPath }) => {
    await page.setViewportSize({ width: 1360, height: 800 });
    if (theme === 'dark') {
      await page.theme.setDarkTheme();
    }
    await page.contents.uploadFile(
      `${EXAMPLES}/digits.ipynb`,
      `${tmpPath}/digits.ipynb`
    );
    await page.notebook.openByPath(`${tmpPath}/digits.ipynb`);
    await page
      .getByRole('main')
      .getByRole('button', { name: 'Sweep…' })
      .click();
    await page
      .getByRole('complementary')
      .getByRole('tab', { name: 'MLOps' })
      .click();
    const form = page.getByRole('form', { name: 'Sweep of digits' });
    for (const [name, values] of [
      ['C', '0.1, 1, 10, 100'],
      ['gamma', '0.0001, 0.001, 0.01']
    ]) {
      const row = form.getByRole('group', { name, exact: true });
      await row.getByRole('radio', { name: 'list' }).check();
      await row.getByRole('textbox').fill(values);
    }
    await form.getByRole('button', { name: 'Run 12 trials' }).waitFor();
    await form.getByText('Nothing speaks against running it').waitFor();
    await page.screenshot({ path: `${IMAGES}/form-${theme}.png` });
  });
}
