import {
  defaultRangeExtractor,
  type Range,
  useVirtualizer,
  type VirtualItem
} from '@tanstack/react-virtual';
import React, {
  type KeyboardEvent,
  useCallback,
  useId,
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
  const { rows, trials, selected, onSelect } = props;
  const id = useId();
  const [active, setActive] = useState<number | null>(null);
  // Rows may move: the active one is remembered by its trial, and is the first one when that is gone.
  const place = active === null ? 0 : Math.max(0, rows.indexOf(active));
  const virtualizer = useRows(props, place);
  const reading = useReading(props.onReading);
  const onKeyDown = useKeys(props, place, next => {
    setActive(rows[next]);
    virtualizer.scrollToIndex(next);
  });
  const select = useCallback(
    (index: number) => {
      setActive(index);
      onSelect(index);
    },
    [onSelect]
  );
  const items = virtualizer.getVirtualItems();
  const slots = useSlots(items, place);
  return (
    <div
      {...reading}
      className="jp-mlops-Trials-body"
      role="rowgroup"
      style={{ height: virtualizer.getTotalSize() }}
      tabIndex={0}
      aria-activedescendant={
        rows.length > 0 ? `${id}-${rows[place]}` : undefined
      }
      aria-label={props.trans.__(
        'Trials: arrow keys move, Enter opens the notebook, Space shows the trial'
      )}
      onKeyDown={onKeyDown}
    >
      {items.map((item, i) => {
        const trial = trials.get(rows[item.index]);
        return (
          trial && (
            <TrialRow
              key={slots[i]}
              id={`${id}-${trial.index}`}
              trial={trial}
              columns={props.columns}
              position={item.index}
              top={item.start - ROW_HEIGHT}
              active={item.index === place}
              selected={trial.index === selected}
              hasActions={selected === null}
              actions={props.actions}
              trans={props.trans}
              onSelect={select}
            />
          )
        );
      })}
    </div>
  );
}

/**
 * Keys by which rows that scroll out of sight are used again for those that come in: making some hundred elements anew
 * in each frame takes several times as long as changing their texts.
 */
function useSlots(
  items: ReadonlyArray<VirtualItem>,
  place: number
): ReadonlyArray<string> {
  const most = useRef(0);
  most.current = Math.max(most.current, items.length);
  const last = items.length - 1;
  return items.map(({ index }, i) => {
    const alone =
      index === place &&
      ((i === 0 && last > 0 && items[1].index !== index + 1) ||
        (i === last && i > 0 && items[i - 1].index !== index - 1));
    return alone ? 'away' : `slot ${index % most.current}`;
  });
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
    // The active row stays in the page when it scrolls out of sight: assistive technology looks at it.
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

/** The focus stays on the body; keys move the row they act on. */
function useKeys(
  props: IBodyProps,
  place: number,
  goTo: (place: number) => void
): (event: KeyboardEvent) => void {
  const { rows, scroller, selected, onSelect, actions } = props;
  return event => {
    // Not while a row's buttons have the focus: Enter and Space are theirs.
    const onBody = event.target === event.currentTarget;
    const move = MOVES[event.key];
    if (move && rows.length > 0) {
      const seen = scroller?.clientHeight ?? 0;
      const page = Math.max(1, Math.floor(seen / ROW_HEIGHT) - 2);
      const next = move(place, page, rows.length);
      const there = Math.min(Math.max(next, 0), rows.length - 1);
      goTo(there);
      if (selected !== null) {
        onSelect(rows[there]);
      }
    } else if (onBody && event.key === 'Enter') {
      actions.openNotebook(rows[place]);
    } else if (onBody && event.key === ' ') {
      onSelect(rows[place]);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
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
