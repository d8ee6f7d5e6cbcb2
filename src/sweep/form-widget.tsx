import { MainAreaWidget, ReactWidget } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import React from 'react';

import type { Sweep } from '../api';
import type { CheckModel } from '../check/model';
import { sweepIcon } from '../icons';
import type { CodeCell } from '../notebooks';
import { SweepForm } from './form';
import type { SweepFormModel } from './form-model';
import { shortDigest } from './format';

/** The sweep form of one notebook, as JupyterLab sees it. */
export class SweepFormWidget extends ReactWidget {
  constructor(private readonly _options: SweepFormWidget.IOptions) {
    super();
    const { path, form, trans } = _options;
    this.addClass('jp-mlops-FormWidget');
    this.title.icon = sweepIcon;
    this.title.caption = trans.__('Sweep of %1', path);
    this.title.closable = true;
    this._retitle();
    form.changed.connect(this._onChanged, this);
    _options.check.changed.connect(this.update, this);
  }

  /** Path of the notebook from the server's root. */
  get path(): string {
    return this._options.path;
  }

  /** The snapshot that is run, if it is not the notebook as it is now. */
  get snapshot(): string | null {
    return this._options.form.snapshot;
  }

  /** The sweep that is ordered again, if one is. */
  get again(): string | null {
    return this._options.again;
  }

  /** Read the notebook, again if need be; `save` writes an open one's changes to disk first. */
  async load(save: boolean): Promise<void> {
    const { form } = this._options;
    await form.load(save);
    if (form.snapshot === null) {
      this._options.check.ask();
    }
    if (form.info && !form.info.has_parameters_cell && !form.snapshot) {
      // Only a convenience: without the list the suggested cell can be tagged all the same.
      this._cells = await this._options.codeCells().catch(() => null);
      this.update();
    }
  }

  dispose(): void {
    this._options.form.dispose();
    this._options.check.dispose();
    super.dispose();
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    // The notebook may have been changed and saved while something else was in front.
    if (this._options.form.info) {
      void this.load(false);
    }
  }

  protected onActivateRequest(msg: Message): void {
    const first =
      this.node.querySelector<HTMLElement>('.jp-mlops-Parameter :checked') ??
      this.node.querySelector<HTMLElement>('button');
    (first ?? this.node).focus();
  }

  protected render(): JSX.Element {
    const { check, form, onCell, openSnapshot, trans } = this._options;
    const { info, snapshot, state } = form;
    if (!info || !state) {
      return (
        <div className="jp-mlops-Form">
          {form.loadError === null ? (
            <p className="jp-mlops-Late" role="status">
              {trans.__('Reading the notebook…')}
            </p>
          ) : (
            <LoadError
              message={form.loadError}
              trans={trans}
              onRetry={() => void this.load(true)}
            />
          )}
        </div>
      );
    }
    return (
      <>
        {form.loadError !== null && (
          <LoadError
            message={form.loadError}
            trans={trans}
            onRetry={() => void this.load(true)}
          />
        )}
        <SweepForm
          info={info}
          state={state}
          problems={form.problems}
          offers={form.offers}
          trials={form.trials}
          blocked={form.blocked}
          error={form.error}
          running={form.running}
          recalled={form.recalled}
          cells={this._cells}
          snapshot={snapshot}
          check={check}
          trans={trans}
          onChange={change => form.update(change)}
          onChangeRow={(name, change) => form.updateRow(name, change)}
          onAddRow={name => form.addRow(name)}
          onRemoveRow={name => form.removeRow(name)}
          onStartOver={() => void form.startOver()}
          onReload={() => void this.load(true)}
          onRetry={() => form.retry()}
          onTag={cell => void this._tag(cell)}
          onRun={() => void this._run()}
          onCell={onCell}
          onCheck={() => check.ask()}
          onOpenSnapshot={() => snapshot && openSnapshot(snapshot)}
          onPresent={() => void this._usePresent()}
        />
      </>
    );
  }

  private _onChanged(): void {
    const { check, form } = this._options;
    if (form.state && form.snapshot === null) {
      check.kernel = form.state.kernel;
    }
    this._retitle();
    this.update();
  }

  private _retitle(): void {
    const { form, path, trans } = this._options;
    const name = PathExt.basename(path);
    this.title.label =
      form.snapshot === null
        ? trans.__('Sweep · %1', name)
        : trans.__('Sweep · %1 · %2', name, shortDigest(form.snapshot));
  }

  private async _usePresent(): Promise<void> {
    await this._options.form.usePresent();
    await this.load(false);
  }

  private async _tag(cell: number): Promise<void> {
    await this._options.tag(cell);
    await this.load(false);
  }

  private async _run(): Promise<void> {
    const sweep = await this._options.form.run();
    if (sweep) {
      this._options.started(sweep);
    } else {
      const invalid = this.node.querySelector<HTMLElement>(
        // Of a choice in view, the one that is chosen takes the focus.
        '.jp-mlops-Input[aria-invalid="true"], [aria-invalid="true"] :checked'
      );
      invalid?.focus();
    }
  }

  private _cells: CodeCell[] | null = null;
}

export namespace SweepFormWidget {
  export interface IOptions {
    /** Path of the notebook from the server's root. */
    path: string;
    form: SweepFormModel;
    check: CheckModel;
    /** The sweep that is ordered again; null when none is. */
    again: string | null;
    trans: TranslationBundle;
    codeCells: () => Promise<CodeCell[]>;
    /** Tag a cell of the notebook as the one with the parameters. */
    tag: (cell: number) => Promise<void>;
    /** Go to a cell of the notebook. */
    onCell: (cell: number) => void;
    openSnapshot: (digest: string) => void;
    /** The sweep runs. */
    started: (sweep: Sweep) => void;
  }
}

function LoadError(props: {
  message: string;
  trans: TranslationBundle;
  onRetry: () => void;
}): JSX.Element {
  return (
    <p className="jp-mlops-Offline" role="alert">
      {props.message}{' '}
      <button type="button" className="jp-mlops-Link" onClick={props.onRetry}>
        {props.trans.__('Try again')}
      </button>
    </p>
  );
}

/** The form with what the main area wants around it. */
export function createSweepForm(
  options: SweepFormWidget.IOptions
): MainAreaWidget<SweepFormWidget> {
  const content = new SweepFormWidget(options);
  const form = new MainAreaWidget({ content });
  form.id = `jupyter-mlops-form-${options.path}-${options.form.snapshot ?? ''}-${options.again ?? ''}`;
  form.toolbar.hide();
  return form;
}
