import { writeFileSync } from 'fs';

import { expect, test } from '@jupyterlab/galata';
import type { Page } from '@playwright/test';

const ROWS = Number(process.env.JUPYTER_MLOPS_BENCH_ROWS ?? '10000');
const ROUNDS = 5;
const FRAMES = 300;

/** Milliseconds between neighbouring frames, and main-thread tasks of 50 ms and more. */
interface IRecord {
  frames: number[];
  tasks: number[];
}

/** Starts to write down when frames are drawn. */
async function start(page: Page): Promise<void> {
  await page.evaluate(() => {
    const record: IRecord = { frames: [], tasks: [] };
    const observer = new PerformanceObserver(list => {
      record.tasks.push(...list.getEntries().map(entry => entry.duration));
    });
    observer.observe({ entryTypes: ['longtask'] });
    let before = performance.now();
    let running = true;
    const frame = (now: number) => {
      record.frames.push(now - before);
      before = now;
      if (running) {
        requestAnimationFrame(frame);
      }
    };
    requestAnimationFrame(now => {
      before = now;
      requestAnimationFrame(frame);
    });
    const stopRecord = () => {
      running = false;
      observer.disconnect();
      return record;
    };
    Object.assign(window, { stopRecord });
  });
}

async function stop(page: Page): Promise<IRecord> {
  // Long tasks are reported a little after they end.
  await page.waitForTimeout(200);
  return page.evaluate(() =>
    (window as unknown as { stopRecord: () => IRecord }).stopRecord()
  );
}

test('a sweep of 10,000 trials opens and scrolls smoothly', async ({
  page,
  baseURL
}) => {
  const answer = await page.request.get(`${baseURL}/mlops/sweeps`);
  const id = (await answer.json()).sweeps[0].id;
  const grid = page.getByRole('grid', { name: 'Trials' });
  const result: Record<string, IRecord[]> = {
    nothing: [],
    open: [],
    scroll: [],
    jump: []
  };
  const seconds: number[] = [];

  for (let round = 0; round < ROUNDS; round++) {
    await start(page);
    await page.waitForTimeout(3_000);
    result.nothing.push(await stop(page));

    await start(page);
    const began = Date.now();
    await page.evaluate(async sweep => {
      await window.jupyterapp.commands.execute('mlops:open-sweep', {
        id: sweep
      });
    }, id);
    await expect(grid).toHaveAttribute('aria-rowcount', `${ROWS + 1}`, {
      timeout: 60_000
    });
    seconds.push((Date.now() - began) / 1000);
    await page.waitForTimeout(500);
    result.open.push(await stop(page));

    await start(page);
    await grid.evaluate(
      (scroller, frames) =>
        new Promise<void>(done => {
          const step = (scroller.scrollHeight - scroller.clientHeight) / frames;
          let left = frames;
          const scroll = () => {
            scroller.scrollTop += Math.ceil(step);
            left--;
            if (left > 0) {
              requestAnimationFrame(scroll);
            } else {
              done();
            }
          };
          requestAnimationFrame(scroll);
        }),
      FRAMES
    );
    result.scroll.push(await stop(page));
    // The last row is there, whole.
    await expect(
      grid.locator(`[role=row][aria-rowindex="${ROWS + 1}"]`)
    ).toBeInViewport();

    await start(page);
    for (let jump = 0; jump < 6; jump++) {
      await grid.evaluate((scroller, down) => {
        scroller.scrollTop = down ? scroller.scrollHeight : 0;
      }, jump % 2);
      await page.waitForTimeout(150);
    }
    result.jump.push(await stop(page));

    await page.evaluate(() => window.jupyterapp.shell.currentWidget?.close());
    await expect(grid).toHaveCount(0);
  }

  writeFileSync(
    process.env.JUPYTER_MLOPS_BENCH_RESULT ?? 'frames.json',
    JSON.stringify({ rows: ROWS, seconds, ...result })
  );
});
