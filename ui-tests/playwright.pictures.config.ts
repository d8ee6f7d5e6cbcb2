import { defineConfig } from '@playwright/test';

import stories from './playwright.config';

/** Takes the pictures of the documentation: `make pictures`. */
export default defineConfig({ ...stories, testDir: 'pictures' });
