import {
  defaultRangeExtractor,
  type Range,
  useVirtualizer
} from '@tanstack/react-virtual';
import React, {
  type KeyboardEvent,
  useCallback,
  useLayoutEffect,
  useRef,
  useState
} from 'react';

import type { ITableProps } from './table';
import { TrialRow } from './table-row';

/** Pixels; the style sheet says the same. All rows are alike, so that none has to be measured. */
export const ROW_HEIGHT = 28;
const OVERSCAN = 6;

export interface IBodyProps extends ITableProps {
  /** Null before the first frame. */
  scroller: HTMLDivElement | null;
}

/** The rows in sight; only this is drawn again while somebody scrolls. */
export function TableBody(props: IBodyProps): JSX.Element {
  const { rows, trials, selected } = props;
  const [active, setActive] = useState<number | null>(null);
  // Rows may move: the active one is remembered by its trial, and is the first one when that is gone.
  const place = active === null ? 0 : Math.max(0, rows.indexOf(active));
  const virtualizer = useRows(props, place);
  const reading = useReading(props.onReading);
  const roving = useRoving(props, place, next => {
    setActive(rows[next]);
    virtualizer.scrollToIndex(next);
  });
  return (
    <div
      {...reading}
      {...roving}
      className="jp-mlops-Trials-body"
      role="rowgroup"
      style={{ height: virtualizer.getTotalSize() }}
    >
      {virtualizer.getVirtualItems().map(item => {
        const trial = trials.get(rows[item.index]);
        return (
          trial && (
            <TrialRow
              key={trial.index}
              trial={trial}
              columns={props.columns}
              position={item.index}
              top={item.start - ROW_HEIGHT}
              active={item.index === place}
              selected={trial.index === selected}
              actions={props.actions}
              trans={props.trans}
              onActivate={setActive}
              onSelect={props.onSelect}
            />
          )
        );
      })}
    </div>
  );
}

function useRows({ rows, scroller }: IBodyProps, place: number) {
  return useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: useCallback((i: number) => rows[i], [rows]),
    overscan: OVERSCAN,
    // The head stands above the rows, and covers the first of them while they scroll.
    scrollMargin: ROW_HEIGHT,
    scrollPaddingStart: ROW_HEIGHT,
    // The active row stays in the page when it scrolls out of sight, or the focus would be lost.
    rangeExtractor: useCallback(
      (range: Range) => {
        const shown = defaultRangeExtractor(range);
        if (shown.includes(place) || place >= range.count) {
          return shown;
        }
        return place < shown[0] ? [place, ...shown] : [...shown, place];
      },
      [place]
    )
  });
}

type Move = (place: number, page: number, count: number) => number;

const MOVES: Readonly<Record<string, Move>> = {
  ArrowDown: place => place + 1,
  ArrowUp: place => place - 1,
  PageDown: (place, page) => place + page,
  PageUp: (place, page) => place - page,
  Home: () => 0,
  End: (_, __, count) => count - 1
};

/** One row is in the order of Tab; keys lead from it to the others. */
function useRoving(
  props: IBodyProps,
  place: number,
  goTo: (place: number) => void
) {
  const { rows, scroller, selected, onSelect, actions } = props;
  const body = useRef<HTMLDivElement>(null);
  const wanted = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (wanted.current !== null) {
      body.current
        ?.querySelector<HTMLElement>(`[data-index="${wanted.current}"]`)
        ?.focus({ preventScroll: true });
      wanted.current = null;
    }
  });

  const onKeyDown = (event: KeyboardEvent) => {
    const onRow = (event.target as HTMLElement).getAttribute('role') === 'row';
    const move = MOVES[event.key];
    if (move && rows.length > 0) {
      const seen = scroller?.clientHeight ?? 0;
      const page = Math.max(1, Math.floor(seen / ROW_HEIGHT) - 2);
      const next = move(place, page, rows.length);
      const there = Math.min(Math.max(next, 0), rows.length - 1);
      wanted.current = rows[there];
      goTo(there);
      if (selected !== null) {
        onSelect(rows[there]);
      }
    } else if (onRow && event.key === 'Enter') {
      actions.openNotebook(rows[place]);
    } else if (onRow && event.key === ' ') {
      onSelect(rows[place]);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return { ref: body, onKeyDown };
}

/** Tells whether somebody reads: the pointer is over the rows, or the focus in them. */
function useReading(onReading: (reading: boolean) => void) {
  const hovered = useRef(false);
  const focused = useRef(false);
  const tell = () => onReading(hovered.current || focused.current);
  return {
    onPointerEnter: () => {
      hovered.current = true;
      tell();
    },
    onPointerLeave: () => {
      hovered.current = false;
      tell();
    },
    onFocus: () => {
      focused.current = true;
      tell();
    },
    onBlur: (event: React.FocusEvent) => {
      focused.current = event.currentTarget.contains(event.relatedTarget);
      tell();
    }
  };
}
