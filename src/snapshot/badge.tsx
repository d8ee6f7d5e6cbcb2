import { ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import React from 'react';

import type { NotebookState } from '../api';
import { formatMoment, formatWhen, shortDigest } from '../sweep/format';
import type { BadgeModel } from './badge-model';

/** What a badge says: a mark, a few words, and all of it on hover. */
export interface IBadgeWords {
  readonly kind: 'kept' | 'changed' | 'none' | 'unsaved';
  readonly mark: string;
  readonly words: string;
  readonly title: string;
}

/** What there is to say of a notebook; null when nobody knows. */
export function badgeWords(
  state: NotebookState | null,
  dirty: boolean,
  trans: TranslationBundle
): IBadgeWords | null {
  if (state === null) {
    return null;
  }
  if (dirty) {
    return {
      kind: 'unsaved',
      mark: '✎',
      words: trans.__('unsaved changes'),
      title: trans.__(
        'A snapshot keeps what is saved. Click to save the notebook and keep it.'
      )
    };
  }
  if (state.kept) {
    const digest = shortDigest(state.digest);
    return {
      kind: 'kept',
      mark: '✓',
      words: trans.__('kept %1', digest),
      title: trans.__(
        'Kept as snapshot %1, as it stands. Click to open its page.',
        digest
      )
    };
  }
  if (state.last === null) {
    return {
      kind: 'none',
      mark: '○',
      words: trans.__('not kept yet'),
      title: trans.__(
        'There is no snapshot of this notebook. Click to keep it as it stands.'
      )
    };
  }
  return {
    kind: 'changed',
    mark: '≠',
    words: trans.__('changed'),
    title: changeWords(state, state.last, trans)
  };
}

function changeWords(
  state: NotebookState,
  last: NonNullable<NotebookState['last']>,
  trans: TranslationBundle
): string {
  const seen = last.sighting?.taken ?? last.created;
  return [
    trans.__(
      'Changed: %1.',
      state.changed.map(part => partWord(part, trans)).join(', ')
    ),
    trans.__(
      'The last snapshot is %1, kept %2 (%3).',
      shortDigest(last.digest),
      formatWhen(seen),
      formatMoment(seen)
    ),
    trans.__('Click to keep it as it stands.')
  ].join(' ');
}

function partWord(part: string, trans: TranslationBundle): string {
  switch (part) {
    case 'notebook':
      return trans.__('the notebook');
    case 'name':
      return trans.__('its name or folder');
    case 'files':
      return trans.__('files that it imports');
    case 'environment':
      return trans.__('what is installed');
    case 'datasets':
      return trans.__('datasets');
    case 'kernel':
      return trans.__('the kernel');
    default:
      return part;
  }
}

/** Says in the toolbar of a notebook whether it is kept. */
export class Badge extends ReactWidget {
  constructor(private readonly _options: Badge.IOptions) {
    super();
    this.addClass('jp-mlops-Badge');
    _options.model.changed.connect(this._onChanged, this);
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._options.model.dispose();
      super.dispose();
    }
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._options.model.look();
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    document.addEventListener('visibilitychange', this._onVisible);
    this._options.model.look();
  }

  protected onBeforeDetach(msg: Message): void {
    document.removeEventListener('visibilitychange', this._onVisible);
    super.onBeforeDetach(msg);
  }

  protected render(): JSX.Element {
    const { model, trans, onOpen, onKeep } = this._options;
    const { state, dirty } = model;
    const said = badgeWords(state, dirty, trans);
    if (!said || !state) {
      return <></>;
    }
    const { kind, mark, words, title } = said;
    return (
      <button
        type="button"
        className="jp-mlops-Badge-button"
        data-kind={kind}
        title={title}
        aria-label={trans.__('Snapshot: %1. %2', words, title)}
        onClick={() => (kind === 'kept' ? onOpen(state.digest) : onKeep())}
      >
        <span aria-hidden>{mark}</span> {words}
      </button>
    );
  }

  private _onChanged(): void {
    this.update();
  }

  private _onVisible = () => this._options.model.look();
}

export namespace Badge {
  export interface IOptions {
    model: BadgeModel;
    trans: TranslationBundle;
    onOpen: (digest: string) => void;
    onKeep: () => void;
  }
}
