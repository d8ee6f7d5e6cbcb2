import { Clipboard, MainAreaWidget, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import { Signal, type ISignal } from '@lumino/signaling';
import React from 'react';

import { mlflowAddress } from '../commands';
import { sweepIcon } from '../icons';
import {
  CommandIDs,
  type IMlopsModel,
  type ISweepModel,
  SWEEP_ATTRIBUTE
} from '../tokens';
import { stateMark, stateWord, sweepTitle } from './format';
import {
  DEFAULT_TASTE,
  type IPageActions,
  type IPageTaste,
  SweepPage
} from './page';

/** The page of one sweep, as JupyterLab sees it. */
export class SweepPageWidget extends ReactWidget {
  constructor(private readonly _options: SweepPageWidget.IOptions) {
    super();
    const { id, model, trans } = _options;
    this.addClass('jp-mlops-PageWidget');
    this.node.setAttribute(SWEEP_ATTRIBUTE, id);
    this.title.icon = sweepIcon;
    this.title.label = trans.__('sweep');
    this.title.closable = true;
    this._handle = model.sweep(id);
    this._actions = this._makeActions();
    this._handle.changed.connect(this._onChanged, this);
    model.changed.connect(this._onChanged, this);
    this._onChanged();
  }

  /** The sweep's id. */
  get sweepId(): string {
    return this._options.id;
  }

  get taste(): IPageTaste {
    return this._taste;
  }

  set taste(taste: IPageTaste) {
    this._taste = taste;
    this.update();
  }

  /** The person has chosen another look. */
  get tasteChanged(): ISignal<this, IPageTaste> {
    return this._tasteChanged;
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._options.model.changed.disconnect(this._onChanged, this);
    this._handle.dispose();
    super.dispose();
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this.update();
  }

  protected onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this.update();
  }

  protected render(): JSX.Element {
    const { model, trans } = this._options;
    const { sweep, trials, revision, loading, error } = this._handle;
    return (
      <SweepPage
        sweep={sweep}
        trials={trials}
        revision={revision}
        loading={loading}
        trouble={model.offline ?? error}
        mlflow={this._mlflow()}
        offers={model.status?.executors ?? []}
        visible={this.isVisible}
        taste={this._taste}
        actions={this._actions}
        trans={trans}
        onTaste={taste => {
          this.taste = taste;
          this._tasteChanged.emit(taste);
        }}
      />
    );
  }

  private _onChanged(): void {
    const { sweep } = this._handle;
    const { trans } = this._options;
    if (sweep) {
      const title = sweepTitle(sweep, trans);
      const state = stateWord(sweep.state, trans);
      const mark = stateMark(sweep.state);
      const verification = sweep.purpose === 'verification';
      this.title.label = verification
        ? `${mark} ${title}`
        : trans.__('%1 %2 · sweep', mark, title);
      this.title.caption = verification
        ? `${title}, ${state}`
        : trans.__('%1 · sweep, %2', title, state);
    }
    // A page that nobody sees is drawn when it is shown again.
    if (this.isVisible || !this.isAttached) {
      this.update();
    }
  }

  private _mlflow(run?: string): string | null {
    const { model, baseUrl } = this._options;
    const { sweep } = this._handle;
    return model.status && sweep
      ? mlflowAddress(model.status, baseUrl, sweep, run)
      : null;
  }

  private _makeActions(): IPageActions {
    const { commands, id, model } = this._options;
    const run = (command: string, args: object) => {
      void commands.execute(command, args as never);
    };
    return {
      pause: () => run(CommandIDs.pause, { id }),
      resume: () => run(CommandIDs.resume, { id }),
      stopAll: () => run(CommandIDs.stop, { id }),
      again: () => run(CommandIDs.sweepAgain, { id }),
      openSnapshot: digest => run(CommandIDs.openSnapshot, { digest }),
      stop: index => run(CommandIDs.stopTrial, { sweep: id, index }),
      openNotebook: index => run(CommandIDs.openTrial, { sweep: id, index }),
      readLog: (index, offset) => model.trialLog(id, index, offset),
      mlflow: trial => this._mlflow(trial),
      copy: text => Clipboard.copyToSystem(text),
      retry: () => {
        void model.refresh();
        void this._handle.refresh();
      }
    };
  }

  private _actions: IPageActions;
  private _handle: ISweepModel;
  private _taste = DEFAULT_TASTE;
  private _tasteChanged = new Signal<this, IPageTaste>(this);
}

export namespace SweepPageWidget {
  export interface IOptions {
    /** The sweep's id. */
    id: string;
    model: IMlopsModel;
    commands: CommandRegistry;
    /** Where the Jupyter server is. */
    baseUrl: string;
    trans: TranslationBundle;
  }
}

/** The page with what the main area wants around it. */
export function createSweepPage(
  options: SweepPageWidget.IOptions
): MainAreaWidget<SweepPageWidget> {
  const content = new SweepPageWidget(options);
  const page = new MainAreaWidget({ content });
  page.id = `jupyter-mlops-sweep-${options.id}`;
  page.toolbar.hide();
  return page;
}
