import { MainAreaWidget, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal, type ISignal } from '@lumino/signaling';
import React from 'react';

import type { SnapshotDiff } from '../api';
import { snapshotIcon } from '../icons';
import { messageOf } from '../request';
import { shortDigest } from '../sweep/format';
import type { ISnapshots } from '../tokens';
import { ComparePage } from './compare';

/** Two snapshots side by side, as JupyterLab sees it. */
export class CompareWidget extends ReactWidget {
  constructor(private readonly _options: CompareWidget.IOptions) {
    super();
    this.addClass('jp-mlops-PageWidget');
    this.title.icon = snapshotIcon;
    this.title.closable = true;
    this._sides = [_options.left, _options.right];
    this._retitle();
    void this._load();
  }

  /** The digests, first and second. */
  get sides(): readonly [string, string] {
    return this._sides;
  }

  /** They stand the other way round now. */
  get swapped(): ISignal<this, void> {
    return this._swapped;
  }

  protected render(): JSX.Element {
    return (
      <ComparePage
        diff={this._diff}
        error={this._error}
        trans={this._options.trans}
        onOpen={this._options.open}
        onSwap={() => {
          const [left, right] = this._sides;
          this._sides = [right, left];
          this._retitle();
          this._swapped.emit();
          void this._load();
        }}
        onRetry={() => void this._load()}
      />
    );
  }

  private async _load(): Promise<void> {
    const sides = this._sides;
    const [left, right] = sides;
    let diff: SnapshotDiff | null = this._diff;
    let error: string | null = null;
    try {
      diff = await this._options.snapshots.diff(left, right);
    } catch (reason) {
      error = messageOf(reason);
    }
    if (sides === this._sides && !this.isDisposed) {
      this._diff = diff;
      this._error = error;
      this.update();
    }
  }

  private _retitle(): void {
    const [left, right] = this._sides.map(shortDigest);
    const { trans } = this._options;
    this.title.label = trans.__('%1 → %2', left, right);
    this.title.caption = trans.__('Snapshots %1 and %2 compared', left, right);
  }

  private _diff: SnapshotDiff | null = null;
  private _error: string | null = null;
  private _sides: readonly [string, string];
  private _swapped = new Signal<this, void>(this);
}

export namespace CompareWidget {
  export interface IOptions {
    left: string;
    right: string;
    snapshots: Pick<ISnapshots, 'diff'>;
    trans: TranslationBundle;
    /** Show the page of a snapshot. */
    open: (digest: string) => void;
  }
}

/** The page with what the main area wants around it. */
export function createComparePage(
  options: CompareWidget.IOptions
): MainAreaWidget<CompareWidget> {
  const content = new CompareWidget(options);
  const page = new MainAreaWidget({ content });
  page.id = `jupyter-mlops-compare-${options.left}-${options.right}`;
  page.toolbar.hide();
  return page;
}
