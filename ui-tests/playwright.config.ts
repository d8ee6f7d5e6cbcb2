import { accessSync, constants } from 'fs';
import { delimiter, join } from 'path';

import baseConfig from '@jupyterlab/galata/lib/playwright-config';
import { defineConfig } from '@playwright/test';

/** A Chromium that is installed already; else undefined, which means Playwright's own. */
function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const names = [
    'chromium',
    'chromium-browser',
    'google-chrome',
    'google-chrome-stable'
  ];
  const candidates = names.flatMap(name =>
    folders.map(folder => join(folder, name))
  );
  return candidates.find(path => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const port = process.env.UI_TEST_PORT ?? '8899';
const baseURL = `http://127.0.0.1:${port}`;

export default defineConfig({
  ...baseConfig,
  testDir: 'tests',
  forbidOnly: !!process.env.CI,
  reporter: process.env.CI
    ? [['list'], ['html', { open: 'never' }]]
    : [['list']],
  retries: 0,
  timeout: 240_000,
  // Trials are processes: on two cores each takes some seconds to begin.
  expect: { ...baseConfig.expect, timeout: 60_000 },
  // One server, one store: the stories run one after another.
  workers: 1,
  use: {
    ...baseConfig.use,
    baseURL,
    trace: 'retain-on-failure',
    video: 'off',
    launchOptions: {
      executablePath: findChromium(),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-dev-shm-usage',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
        '--no-pings'
      ]
    }
  },
  webServer: {
    // What the server says is shown by `make test-ui` when a story fails.
    command: 'jlpm start > server.log 2>&1',
    gracefulShutdown: { signal: 'SIGTERM', timeout: 5_000 },
    url: `${baseURL}/lab`,
    timeout: 120_000,
    reuseExistingServer: false
  }
});
