import { Clipboard, MainAreaWidget, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import React from 'react';

import { snapshotIcon } from '../icons';
import { shortDigest } from '../sweep/format';
import { CommandIDs, type IMlopsModel, SNAPSHOT_ATTRIBUTE } from '../tokens';
import { SnapshotPage } from './page';
import type { ISnapshotActions } from './page-head';
import { notebookOf, SnapshotPageModel } from './page-model';

/** The page of one snapshot, as JupyterLab sees it. */
export class SnapshotPageWidget extends ReactWidget {
  constructor(private readonly _options: SnapshotPageWidget.IOptions) {
    super();
    const { commands, digest, model, trans } = _options;
    this.addClass('jp-mlops-PageWidget');
    this.title.icon = snapshotIcon;
    this.title.label = trans.__('snapshot %1', shortDigest(digest));
    this.title.closable = true;
    this._page = new SnapshotPageModel({
      digest,
      model,
      verify: digest => commands.execute(CommandIDs.verifySnapshot, { digest })
    });
    this._actions = this._makeActions();
    this._page.changed.connect(this._onChanged, this);
    void this._page.load();
  }

  get digest(): string {
    return this._page.digest;
  }

  dispose(): void {
    this._page.dispose();
    super.dispose();
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    // The first question is on its way since the page was made.
    if (this._page.details) {
      void this._page.load();
    }
  }

  protected render(): JSX.Element {
    return (
      <SnapshotPage
        page={this._page}
        actions={this._actions}
        trans={this._options.trans}
      />
    );
  }

  private _onChanged(): void {
    const { details } = this._page;
    const { trans } = this._options;
    if (details) {
      const { digest, manifest } = details.snapshot;
      const short = shortDigest(digest);
      this.node.setAttribute(SNAPSHOT_ATTRIBUTE, digest);
      this.title.label = trans.__('%1 · %2', manifest.name, short);
      this.title.caption = trans.__(
        'Snapshot %1 of %2',
        short,
        notebookOf(details.snapshot)
      );
    }
    this.update();
  }

  private _makeActions(): ISnapshotActions {
    const { commands, openNotebook } = this._options;
    const page = this._page;
    const run = (command: string, args: object) => {
      void commands.execute(command, args as never);
    };
    return {
      verify: () => void page.verify(),
      restore: folder => void page.restore.start(page.digest, folder),
      openNotebook,
      compare: other => {
        const mine = page.details!.snapshot;
        const [left, right] =
          other.created <= mine.created ? [other, mine] : [mine, other];
        run(CommandIDs.compareSnapshots, {
          left: left.digest,
          right: right.digest
        });
      },
      sweep: again => {
        const path = notebookOf(page.details!.snapshot);
        run(CommandIDs.sweep, { path, snapshot: page.digest, again });
      },
      openSweep: id => run(CommandIDs.openSweep, { id }),
      showResult: id => void page.showResult(id),
      showAll: path => run(CommandIDs.snapshots, { path }),
      copy: text => Clipboard.copyToSystem(text),
      retry: () => void page.load()
    };
  }

  private _actions: ISnapshotActions;
  private _page: SnapshotPageModel;
}

export namespace SnapshotPageWidget {
  export interface IOptions {
    /** The snapshot's, or its first twelve characters. */
    digest: string;
    model: IMlopsModel;
    commands: CommandRegistry;
    trans: TranslationBundle;
    /** Open a restored notebook with a kernel; an empty name is no choice. */
    openNotebook: (path: string, kernel: string) => void;
  }
}

/** The page with what the main area wants around it. */
export function createSnapshotPage(
  options: SnapshotPageWidget.IOptions
): MainAreaWidget<SnapshotPageWidget> {
  const content = new SnapshotPageWidget(options);
  const page = new MainAreaWidget({ content });
  page.id = `jupyter-mlops-snapshot-${options.digest}`;
  page.toolbar.hide();
  return page;
}
