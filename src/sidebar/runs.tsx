import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useRef, useState } from 'react';

import type { Sweep } from '../api';
import { hasEnded, SWEEP_ATTRIBUTE } from '../tokens';
import { RunRow } from './run-row';

export interface IRunsProps {
  sweeps: ReadonlyArray<Sweep>;
  /** Whether `sweeps` has been answered. */
  ready: boolean;
  /** Whether nobody answers; the header says so in words. */
  offline: boolean;
  trans: TranslationBundle;
  onOpen: (sweep: Sweep) => void;
  onCommand: (command: string, sweep: Sweep) => void;
  onExample: () => void;
}

type Shown = 'all' | 'live' | 'succeeded' | 'failed' | 'cancelled';

/** The Runs section: sweeps to find, follow and open. */
export function Runs(props: IRunsProps): JSX.Element | null {
  const { sweeps, ready, trans } = props;
  const [filter, setFilter] = useState('');
  const [shown, setShown] = useState<Shown>('all');
  if (sweeps.length === 0) {
    if (ready) {
      return <NoRuns {...props} />;
    }
    return props.offline ? null : <Waiting trans={trans} />;
  }
  const matching = sweeps.filter(
    sweep => isShown(sweep, shown) && matches(sweep, filter)
  );
  return (
    <>
      <div className="jp-mlops-Runs-filter">
        <input
          type="search"
          className="jp-mlops-Input"
          value={filter}
          placeholder={trans.__('Filter by name…')}
          aria-label={trans.__('Filter sweeps by name, metric or experiment')}
          onChange={event => setFilter(event.target.value)}
        />
        <select
          className="jp-mlops-Input"
          value={shown}
          aria-label={trans.__('Show sweeps by state')}
          onChange={event => setShown(event.target.value as Shown)}
        >
          <option value="all">{trans.__('All')}</option>
          <option value="live">{trans.__('Live')}</option>
          <option value="succeeded">{trans.__('Succeeded')}</option>
          <option value="failed">{trans.__('Failed')}</option>
          <option value="cancelled">{trans.__('Cancelled')}</option>
        </select>
      </div>
      {matching.length > 0 ? (
        <RunList {...props} sweeps={matching} />
      ) : (
        <p className="jp-mlops-Quiet" role="status">
          {trans._n(
            'The one sweep here does not match.',
            'None of %1 sweeps matches.',
            sweeps.length
          )}{' '}
          <button
            type="button"
            className="jp-mlops-Link"
            onClick={() => {
              setFilter('');
              setShown('all');
            }}
          >
            {trans.__('Show all')}
          </button>
        </p>
      )}
    </>
  );
}

function RunList(props: IRunsProps): JSX.Element {
  const { sweeps, trans, onOpen, onCommand } = props;
  const list = useRef<HTMLDivElement>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  // Tab leads to one row, the arrow keys to the others; when that row has gone, the first takes its place.
  const active = sweeps.some(sweep => sweep.id === chosen)
    ? chosen
    : sweeps[0].id;

  const onKeyDown = (event: React.KeyboardEvent) => {
    const goal = list.current && target(event, list.current);
    if (goal === 'open') {
      const row = (event.target as HTMLElement).closest('.jp-mlops-Run');
      const id = row?.getAttribute(SWEEP_ATTRIBUTE);
      const sweep = sweeps.find(known => known.id === id);
      if (sweep) {
        onOpen(sweep);
      }
    } else {
      goal?.focus();
    }
    if (goal) {
      event.preventDefault();
    }
  };
  return (
    <div
      className="jp-mlops-Runs-list"
      role="grid"
      aria-label={trans.__('Sweeps, newest first')}
      ref={list}
      onKeyDown={onKeyDown}
    >
      {sweeps.map(sweep => (
        <RunRow
          key={sweep.id}
          sweep={sweep}
          active={sweep.id === active}
          trans={trans}
          onOpen={onOpen}
          onCommand={onCommand}
          onFocus={({ id }) => setChosen(id)}
        />
      ))}
    </div>
  );
}

/** Where a key leads: up and down between rows, left and right between a row and its actions. */
function target(
  event: React.KeyboardEvent,
  list: HTMLElement
): HTMLElement | 'open' | null {
  const here = event.target as HTMLElement;
  const row = here.closest('.jp-mlops-Run');
  if (!row || event.ctrlKey || event.metaKey || event.altKey) {
    return null;
  }
  const mains = Array.from(
    list.querySelectorAll<HTMLElement>('.jp-mlops-Run-main')
  );
  const stops = Array.from(
    row.querySelectorAll<HTMLElement>('.jp-mlops-Run-main, button')
  );
  const place = stops.indexOf(here);
  const at = mains.indexOf(stops[0]);
  switch (event.key) {
    case 'ArrowDown':
      return mains[at + 1] ?? null;
    case 'ArrowUp':
      return mains[at - 1] ?? null;
    case 'Home':
      return mains[0];
    case 'End':
      return mains[mains.length - 1];
    case 'ArrowRight':
      return stops[place + 1] ?? null;
    case 'ArrowLeft':
      return stops[place - 1] ?? null;
    case 'Escape':
      return stops[0];
    case 'Enter':
      // On a button, Enter is a press of the button.
      return here === stops[0] ? 'open' : null;
    default:
      return null;
  }
}

function NoRuns(props: IRunsProps): JSX.Element {
  const { trans, onExample } = props;
  return (
    <div className="jp-mlops-Empty">
      <p>
        {trans.__(
          'No sweeps yet. Press Sweep… with a notebook open: it runs many times, each time with other parameters.'
        )}
      </p>
      <p>
        <button type="button" className="jp-mlops-Link" onClick={onExample}>
          {trans.__('Open an example notebook')}
        </button>
      </p>
    </div>
  );
}

function Waiting({ trans }: { trans: TranslationBundle }): JSX.Element {
  return (
    <p className="jp-mlops-Quiet jp-mlops-Late" role="status">
      {trans.__('Asking for the sweeps…')}
    </p>
  );
}

function isShown(sweep: Sweep, shown: Shown): boolean {
  switch (shown) {
    case 'all':
      return true;
    case 'live':
      return !hasEnded(sweep);
    default:
      return sweep.state === shown;
  }
}

function matches(sweep: Sweep, filter: string): boolean {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const text = [
    sweep.name,
    sweep.notebook,
    sweep.objective ?? '',
    sweep.experiment,
    sweep.user
  ]
    .join(' ')
    .toLowerCase();
  return words.every(word => text.includes(word));
}
