import { MainAreaWidget, ReactWidget } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import React from 'react';

import type { Snapshot } from '../api';
import { snapshotIcon } from '../icons';
import { messageOf } from '../request';
import type { ISnapshots } from '../tokens';
import { SnapshotList } from './list';

/** The list of snapshots, as JupyterLab sees it. */
export class SnapshotListWidget extends ReactWidget {
  constructor(private readonly _options: SnapshotListWidget.IOptions) {
    super();
    const { path, snapshots, trans } = _options;
    this.addClass('jp-mlops-PageWidget');
    this.title.icon = snapshotIcon;
    this.title.label = path
      ? trans.__('Snapshots · %1', PathExt.basename(path))
      : trans.__('Snapshots');
    this.title.closable = true;
    snapshots.kept.connect(this._load, this);
  }

  /** The notebook they are of; null for all. */
  get path(): string | null {
    return this._options.path;
  }

  dispose(): void {
    this._options.snapshots.kept.disconnect(this._load, this);
    super.dispose();
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    if (this.isVisible) {
      void this._load();
    }
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    void this._load();
  }

  protected render(): JSX.Element {
    const { path, trans, open } = this._options;
    return (
      <SnapshotList
        snapshots={this._list}
        notebook={path}
        error={this._error}
        trans={trans}
        onOpen={open}
        onRetry={() => void this._load()}
      />
    );
  }

  private async _load(): Promise<void> {
    const { path, snapshots } = this._options;
    try {
      this._list = await snapshots.list(path ?? undefined);
      this._error = null;
    } catch (error) {
      this._error = messageOf(error);
    }
    if (!this.isDisposed) {
      this.update();
    }
  }

  private _error: string | null = null;
  private _list: Snapshot[] | null = null;
}

export namespace SnapshotListWidget {
  export interface IOptions {
    /** A notebook from the server's root; null for all. */
    path: string | null;
    snapshots: Pick<ISnapshots, 'kept' | 'list'>;
    trans: TranslationBundle;
    /** Show the page of a snapshot. */
    open: (digest: string) => void;
  }
}

/** The list with what the main area wants around it. */
export function createSnapshotList(
  options: SnapshotListWidget.IOptions
): MainAreaWidget<SnapshotListWidget> {
  const content = new SnapshotListWidget(options);
  const page = new MainAreaWidget({ content });
  page.id = `jupyter-mlops-snapshots-${options.path ?? ''}`;
  page.toolbar.hide();
  return page;
}
