import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { act, cleanup, fireEvent, screen } from '@testing-library/react';

import type { SnapshotDetails } from '../api';
import { MlopsModel } from '../model';
import { SnapshotPageWidget } from '../snapshot/page-widget';
import { Server } from './fake-server';
import { aDetails, aSnapshot, DIGEST } from './snapshot-values';
import { recordingCommands } from './sweep-story';

const trans = nullTranslator.load('');

/** Let that much of the time pass that the test has stopped. */
export function pass(ms: number): Promise<void> {
  return act(async () => {
    await jest.advanceTimersByTimeAsync(ms);
  });
}

/** The page of the snapshot `DIGEST`, and what it asked for. */
export class SnapshotStory {
  readonly executed: [string, unknown][] = [];
  /** Notebooks that were opened, each with its kernel. */
  readonly opened: [string, string][] = [];
  readonly server = new Server();
  model!: MlopsModel;
  page!: SnapshotPageWidget;

  constructor() {
    this.server.routes.set('GET snapshots', () => ({
      snapshots: [aSnapshot()]
    }));
  }

  async open(answer: SnapshotDetails | Response = aDetails()): Promise<void> {
    const { server } = this;
    server.routes.set(`GET snapshots/${DIGEST}`, () => answer);
    this.model = new MlopsModel({ serverSettings: server.settings, trans });
    this.page = new SnapshotPageWidget({
      digest: DIGEST,
      model: this.model,
      commands: recordingCommands(this.executed),
      trans,
      openNotebook: (path, kernel) => this.opened.push([path, kernel])
    });
    act(() => Widget.attach(this.page, document.body));
    await pass(50);
  }

  press(name: string): void {
    fireEvent.click(screen.getByRole('button', { name }));
  }

  close(): void {
    act(() => this.page.dispose());
    this.model.dispose();
    cleanup();
  }
}
