import { MainAreaWidget, ReactWidget } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';
import React from 'react';

import { mlopsIcon } from '../icons';
import { HeadButton } from '../snapshot/parts';
import { Findings } from './findings';
import type { CheckModel } from './model';

/** What the check says of one notebook, as JupyterLab sees it. */
export class CheckWidget extends ReactWidget {
  constructor(private readonly _options: CheckWidget.IOptions) {
    super();
    const { check, path, trans } = _options;
    this.addClass('jp-mlops-PageWidget');
    this.title.icon = mlopsIcon;
    this.title.label = trans.__('Check · %1', PathExt.basename(path));
    this.title.caption = trans.__('Check of %1', path);
    this.title.closable = true;
    check.changed.connect(this.update, this);
  }

  /** Path of the notebook from the server's root. */
  get path(): string {
    return this._options.path;
  }

  /** Save the notebook and check it as it then is. */
  async again(): Promise<void> {
    // What cannot be saved is checked as it stands on disk.
    await this._options.save().catch(() => undefined);
    this._options.check.ask();
  }

  dispose(): void {
    this._options.check.dispose();
    super.dispose();
  }

  protected render(): JSX.Element {
    const { check, path, trans, onCell } = this._options;
    const { report } = check;
    return (
      <div className="jp-mlops-Page jp-mod-scrolling">
        <header className="jp-mlops-Head">
          <div className="jp-mlops-Head-line">
            <h2>{trans.__('Check of %1', PathExt.basename(path))}</h2>
            {report && (
              <span className="jp-mlops-Head-state">
                {trans._n(
                  '%1 code cell · kernel %2',
                  '%1 code cells · kernel %2',
                  report.cells,
                  report.kernel
                )}
              </span>
            )}
            <div className="jp-mlops-Head-buttons">
              <HeadButton
                icon={refreshIcon}
                label={trans.__('Check again')}
                title={trans.__('Save the notebook and check it again')}
                onClick={() => void this.again()}
              />
            </div>
          </div>
          <p className="jp-mlops-quiet">
            {trans.__(
              'What will, or may, go wrong when it runs from top to bottom in a fresh kernel. Nothing of it is run.'
            )}
          </p>
        </header>
        <div className="jp-mlops-Parts jp-mod-single">
          <Findings
            check={check}
            trans={trans}
            onCell={onCell}
            onRetry={() => check.ask()}
          />
        </div>
      </div>
    );
  }
}

export namespace CheckWidget {
  export interface IOptions {
    /** Path of the notebook from the server's root. */
    path: string;
    check: CheckModel;
    trans: TranslationBundle;
    /** Write the notebook's changes to disk. */
    save: () => Promise<void>;
    /** Go to a cell of the notebook. */
    onCell: (cell: number) => void;
  }
}

/** The findings with what the main area wants around them. */
export function createCheckPage(
  options: CheckWidget.IOptions
): MainAreaWidget<CheckWidget> {
  const content = new CheckWidget(options);
  const page = new MainAreaWidget({ content });
  page.id = `jupyter-mlops-check-${options.path}`;
  page.toolbar.hide();
  return page;
}
