import { defineConfig } from '@playwright/test';

import stories from '../playwright.config';

/** Run by `make bench`; see tests/benchmarks/test_page_frames.py. */
export default defineConfig({
  ...stories,
  testDir: '.',
  testMatch: '*.bench.ts',
  outputDir: '../test-results',
  timeout: 300_000,
  use: { ...stories.use, trace: 'off' },
  webServer: {
    ...(stories.webServer as object),
    command:
      'jupyter lab --config jupyter_server_bench_config.py > ../server.log 2>&1',
    url: `${stories.use!.baseURL}/lab`,
    timeout: 240_000
  }
});
