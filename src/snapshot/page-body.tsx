import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useMemo, useState } from 'react';

import type { Package, Snapshot, SnapshotDetails } from '../api';
import { formatCount, formatSize } from '../sweep/format';
import { gitWords } from './page-head';
import { Section } from './parts';

interface IPartProps {
  snapshot: Snapshot;
  trans: TranslationBundle;
}

/** The notebook itself: how much of it there is, and what can be varied. */
export function NotebookPart(
  props: IPartProps & { details: SnapshotDetails }
): JSX.Element {
  const { snapshot, details, trans } = props;
  const { kernel, language } = snapshot.manifest;
  return (
    <Section title={trans.__('Notebook')}>
      <dl className="jp-mlops-Facts">
        <dt>{trans.__('code cells')}</dt>
        <dd>{formatCount(details.cells)}</dd>
        <dt>{trans.__('kernel')}</dt>
        <dd>
          {kernel} <span className="jp-mlops-quiet">{language}</span>
        </dd>
        <dt>{trans.__('parameters')}</dt>
        <dd>
          {details.parameters.length > 0 ? (
            <code>{details.parameters.join(', ')}</code>
          ) : (
            trans.__('none: no cell is tagged “parameters”')
          )}
        </dd>
      </dl>
    </Section>
  );
}

/** Local code, and what was named to go with it. */
export function Files({ snapshot, trans }: IPartProps): JSX.Element {
  const { files } = snapshot.manifest;
  const size = files.reduce((sum, file) => sum + file.size, 0);
  return (
    <Section
      title={trans.__('Files')}
      count={
        files.length > 0
          ? trans.__(
              '%1, %2',
              formatCount(files.length),
              formatSize(size, trans)
            )
          : undefined
      }
    >
      {files.length === 0 ? (
        <p className="jp-mlops-Hint">
          {trans.__(
            'The notebook imports no module of its own. Other files come along when they are named: jupyter mlops snapshot create NOTEBOOK --include data.csv'
          )}
        </p>
      ) : (
        <ul className="jp-mlops-Files">
          {files.map(file => (
            <li key={file.path}>
              <code>{file.path}</code>
              <span className="jp-mlops-quiet">
                {formatSize(file.size, trans)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

/** Where it stood in its repository. */
export function Git({ snapshot, trans }: IPartProps): JSX.Element {
  const { sighting } = snapshot;
  const git = sighting?.git;
  return (
    <Section title={trans.__('Git')}>
      {git ? (
        <dl className="jp-mlops-Facts">
          <dt>{trans.__('commit')}</dt>
          <dd>
            <code title={git.commit}>{git.commit.slice(0, 12)}</code>
          </dd>
          {git.branch && (
            <>
              <dt>{trans.__('branch')}</dt>
              <dd>{git.branch}</dd>
            </>
          )}
          {git.remote && (
            <>
              <dt>{trans.__('remote')}</dt>
              <dd>{git.remote}</dd>
            </>
          )}
          <dt>{trans.__('changes')}</dt>
          <dd>{changesWords(snapshot, trans)}</dd>
        </dl>
      ) : (
        <p className="jp-mlops-Hint">
          {trans.__('The notebook was %1.', gitWords(snapshot, trans))}
        </p>
      )}
    </Section>
  );
}

function changesWords(
  { sighting }: Snapshot,
  trans: TranslationBundle
): string {
  if (!sighting?.git?.dirty) {
    return trans.__('none: all was committed');
  }
  return sighting.has_diff
    ? trans.__('some were not committed; they are kept with the snapshot')
    : trans.__('some were not committed');
}

/** Dataset versions that the notebook names. */
export function Datasets({ snapshot, trans }: IPartProps): JSX.Element {
  const { datasets } = snapshot.manifest;
  return (
    <Section title={trans.__('Datasets')}>
      {datasets.length > 0 ? (
        <ul className="jp-mlops-Files">
          {datasets.map(dataset => (
            <li key={dataset}>
              <code>{dataset}</code>
            </li>
          ))}
        </ul>
      ) : (
        <p className="jp-mlops-Hint">
          {trans.__(
            'The notebook names no dataset version. What it reads from elsewhere may be another thing tomorrow.'
          )}
        </p>
      )}
    </Section>
  );
}

/** What could not be kept, or was removed. */
export function Notes({ snapshot, trans }: IPartProps): JSX.Element | null {
  const notes = snapshot.sighting?.notes ?? [];
  return notes.length === 0 ? null : (
    <Section title={trans.__('Not kept')}>
      <ul className="jp-mlops-Notes">
        {notes.map(note => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </Section>
  );
}

/** Everything installed where its kernel runs. */
export function Packages({ snapshot, trans }: IPartProps): JSX.Element {
  const { environment } = snapshot.manifest;
  const [filter, setFilter] = useState('');
  const packages = environment?.packages;
  const matching = useMemo(() => {
    const word = filter.trim().toLowerCase();
    return (packages ?? []).filter(({ name }) => name.includes(word));
  }, [packages, filter]);
  if (!environment) {
    return (
      <Section title={trans.__('Packages')}>
        <p className="jp-mlops-Hint">
          {trans.__(
            'The kernel could not be asked what is installed: its packages are not known.'
          )}
        </p>
      </Section>
    );
  }
  const { implementation, platform, python } = environment;
  const total = environment.packages.length;
  return (
    <Section title={trans.__('Packages')} count={formatCount(total)}>
      <p className="jp-mlops-Packages-head">
        <span>
          {trans.__('Python %1 (%2) on %3', python, implementation, platform)}
          {environment.conda.length > 0 &&
            ` · ${trans._n(
              '%1 conda package',
              '%1 conda packages',
              environment.conda.length
            )}`}
        </span>
        <input
          type="search"
          className="jp-mlops-Input"
          value={filter}
          placeholder={trans.__('Filter packages…')}
          aria-label={trans.__('Filter packages by name')}
          onChange={event => setFilter(event.target.value)}
        />
      </p>
      <PackageList packages={matching} trans={trans} />
    </Section>
  );
}

function PackageList(props: {
  packages: ReadonlyArray<Package>;
  trans: TranslationBundle;
}): JSX.Element {
  const { packages, trans } = props;
  if (packages.length === 0) {
    return (
      <p className="jp-mlops-Hint" role="status">
        {trans.__('No package matches.')}
      </p>
    );
  }
  return (
    <div
      className="jp-mlops-Packages"
      role="region"
      aria-label={trans.__('Packages and their versions')}
      tabIndex={0}
    >
      <ul>
        {packages.map(each => (
          <li key={each.name}>
            <span>{each.name}</span>
            <span>{each.version}</span>
            <span className="jp-mlops-quiet" title={each.url || undefined}>
              {sourceWords(each, trans)}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Where a package came from, when it was no index. */
export function sourceWords(
  { kind, url }: Package,
  trans: TranslationBundle
): string {
  switch (kind) {
    case 'vcs':
      return trans.__('from git, pinned: %1', url);
    case 'archive':
      return trans.__('from %1', url);
    case 'wheel':
      return trans.__('built from a folder, kept with the snapshot');
    case 'sources':
      return trans.__('sources of a folder, kept with the snapshot');
    default:
      return '';
  }
}
