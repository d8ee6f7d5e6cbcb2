import type { INotebookTracker } from '@jupyterlab/notebook';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import {
  CommandToolbarButton,
  PanelWithToolbar,
  ReactWidget,
  SidePanel,
  UseSignal
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { Signal, type ISignal } from '@lumino/signaling';
import type { AccordionPanel, Widget } from '@lumino/widgets';
import React, { useEffect, useState } from 'react';

import { mlopsIcon } from '../icons';
import { CommandIDs, type IMlopsModel } from '../tokens';
import { Header } from './header';
import { Runs } from './runs';
import { Coming } from './coming';

/** "2 minutes ago" is wrong after a minute. */
const CLOCK_MS = 30_000;

/** The MLOps panel: what can be started, and what is going on. */
export class Sidebar extends SidePanel {
  constructor(options: Sidebar.IOptions) {
    super({ translator: options.translator });
    const { model, commands, trans, notebooks } = options;
    this.id = 'jupyter-mlops-sidebar';
    this.addClass('jp-mlops-Sidebar');
    this.title.icon = mlopsIcon;
    this.title.caption = trans.__('MLOps');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('MLOps'));

    const run = (command: string, args?: ReadonlyPartialJSONObject) => {
      void commands.execute(command, args);
    };
    model.changed.connect(this._emitChanged, this);
    notebooks.currentChanged.connect(this._emitChanged, this);

    this.header.addWidget(
      live(this._changed, 'jp-mlops-Header', () => (
        <Header
          notebook={notebooks.currentWidget?.context.path ?? null}
          offline={model.offline}
          retryAt={model.retryAt}
          trans={trans}
          onSweep={() => run(CommandIDs.sweep)}
          onSnapshot={() => run(CommandIDs.snapshot)}
          onSettings={() => run('settingeditor:open', { query: 'MLOps' })}
          onRetry={() => run(CommandIDs.refresh)}
        />
      ))
    );

    const runs = new PanelWithToolbar();
    runs.addClass('jp-mlops-Runs');
    runs.title.label = trans.__('Runs');
    runs.toolbar.addItem(
      'refresh',
      new CommandToolbarButton({
        commands,
        id: CommandIDs.refresh,
        label: ''
      })
    );
    runs.addWidget(
      live(this._changed, 'jp-mlops-Section', () => (
        <Ticking
          render={() => (
            <Runs
              // A verification belongs to its snapshot, on whose page it stands.
              sweeps={model.sweeps.filter(
                ({ purpose }) => purpose !== 'verification'
              )}
              ready={model.ready}
              offline={model.offline !== null}
              trans={trans}
              onOpen={({ id }) => run(CommandIDs.openSweep, { id })}
              onCommand={(command, { id }) => run(command, { id })}
              onExample={() => run(CommandIDs.example)}
            />
          )}
        />
      ))
    );
    this.addWidget(runs);
    this.addWidget(coming('datasets', trans.__('Datasets'), trans));
    this.addWidget(coming('deployments', trans.__('Deployments'), trans));
  }

  /** Emitted when somebody opens or closes a section. */
  get sectionsChanged(): ISignal<unknown, unknown> {
    return this._accordion.expansionToggled;
  }

  /** Which sections are open, from top to bottom. */
  get sections(): boolean[] {
    return this._accordion.titles.map(title =>
      title.classList.contains('lm-mod-expanded')
    );
  }
  set sections(open: ReadonlyArray<boolean>) {
    this.widgets.forEach((_, index) => {
      if (open[index]) {
        this._accordion.expand(index);
      } else {
        this._accordion.collapse(index);
      }
    });
  }

  dispose(): void {
    Signal.clearData(this);
    super.dispose();
  }

  private _emitChanged(): void {
    this._changed.emit();
  }

  private get _accordion(): AccordionPanel {
    return this.content as AccordionPanel;
  }

  private _changed = new Signal<this, void>(this);
}

export namespace Sidebar {
  export interface IOptions {
    model: IMlopsModel;
    commands: CommandRegistry;
    notebooks: INotebookTracker;
    translator: ITranslator;
    trans: TranslationBundle;
  }
}

/** A React element that is drawn again with every signal. */
function live(
  signal: ISignal<Sidebar, void>,
  className: string,
  render: () => JSX.Element
): Widget {
  const widget = ReactWidget.create(
    <UseSignal signal={signal}>{render}</UseSignal>
  );
  widget.addClass(className);
  return widget;
}

function coming(
  what: 'datasets' | 'deployments',
  label: string,
  trans: TranslationBundle
): Widget {
  const widget = ReactWidget.create(<Coming what={what} trans={trans} />);
  widget.addClass('jp-mlops-Section');
  widget.addClass('jp-mlops-Coming');
  widget.title.label = label;
  return widget;
}

/** Draws its child again as time passes. */
function Ticking({ render }: { render: () => JSX.Element }): JSX.Element {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick(count => count + 1), CLOCK_MS);
    return () => clearInterval(timer);
  }, []);
  return render();
}
