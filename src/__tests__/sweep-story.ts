import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';
import { act, cleanup, screen, waitFor } from '@testing-library/react';

import type { Trial } from '../api';
import { MlopsModel } from '../model';
import { SweepPageWidget } from '../sweep/page-widget';
import { CommandIDs } from '../tokens';
import { Server } from './fake-server';

const trans = nullTranslator.load('');

/** jsdom lays nothing out: everything is as large as a window. */
export function layOut(): void {
  for (const side of ['offsetWidth', 'offsetHeight', 'clientHeight']) {
    Object.defineProperty(HTMLElement.prototype, side, {
      configurable: true,
      value: 600
    });
  }
}

/** What is under way has come to its end. */
export async function settled(): Promise<void> {
  await act(async () => {
    await new Promise(resolve => setTimeout(resolve, 60));
  });
}

/** Every command of ours, which only notes that it was asked for. */
export function recordingCommands(executed: [string, unknown][]) {
  const commands = new CommandRegistry();
  for (const id of Object.values(CommandIDs)) {
    commands.addCommand(id, {
      describedBy: { args: { type: 'object' } },
      execute: args => executed.push([id, args])
    });
  }
  return commands;
}

/** The page of the sweep `s1`, and what it asked for. */
export class Story {
  readonly executed: [string, unknown][] = [];
  readonly server = new Server();
  model!: MlopsModel;
  page!: SweepPageWidget;

  async open(): Promise<void> {
    const { server } = this;
    this.model = new MlopsModel({ serverSettings: server.settings, trans });
    this.page = new SweepPageWidget({
      id: 's1',
      model: this.model,
      commands: recordingCommands(this.executed),
      baseUrl: 'http://localhost/',
      trans
    });
    act(() => Widget.attach(this.page, document.body));
    const handle = this.model.sweep('s1');
    await waitFor(() => {
      expect(this.model.ready).toBe(true);
      expect(handle.loading).toBe(false);
    });
    handle.dispose();
    await settled();
  }

  /** The server has news, and the page hears of it. */
  async news(...trials: Trial[]): Promise<void> {
    this.server.change('s1', trials);
    const handle = this.model.sweep('s1');
    await act(() => handle.refresh());
    handle.dispose();
    await settled();
  }

  close(): void {
    act(() => this.page.dispose());
    this.model.dispose();
    cleanup();
  }
}

/** The trials in the table, from top to bottom. */
export function rows(): string[] {
  const grid = screen.getByRole('grid', { name: /^Trials/ });
  return [...grid.querySelectorAll<HTMLElement>('[data-index]')]
    .sort((a, b) => position(a) - position(b))
    .map(row => row.dataset.index!);
}

function position(row: HTMLElement): number {
  return Number(row.getAttribute('aria-rowindex'));
}

export function row(index: number): HTMLElement {
  return document.querySelector<HTMLElement>(`[data-index="${index}"]`)!;
}
