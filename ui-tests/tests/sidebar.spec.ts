import { expect, test } from '@jupyterlab/galata';

test('MLOps stands in the left sidebar and opens its panel', async ({
  page
}) => {
  const tab = page
    .getByRole('complementary')
    .getByRole('tab', { name: 'MLOps' });
  await expect(tab).toBeVisible();

  await tab.click();

  await expect(page.getByRole('region', { name: 'MLOps' })).toBeVisible();
});
