import {
  defaultRangeExtractor,
  type Range,
  useVirtualizer,
  type VirtualItem
} from '@tanstack/react-virtual';
import React, {
  type MutableRefObject,
  useCallback,
  useLayoutEffect,
  useRef
} from 'react';

import type { ITableProps } from './table';
import { TrialRow } from './table-row';

/** Pixels; the style sheet says the same. All rows are alike, so that none has to be measured. */
export const ROW_HEIGHT = 28;
const OVERSCAN = 6;

export interface IBodyProps extends ITableProps {
  /** What the rows scroll in; null before the first frame. */
  scroller: HTMLDivElement | null;
  /** Row on which the keys act, from 0. */
  place: number;
  /** Id of the row of a trial. */
  idOf: (index: number) => string;
  /** Where the grid finds how to bring a row into sight. */
  scrollTo: MutableRefObject<((place: number) => void) | null>;
  onPointerEnter: () => void;
  onPointerLeave: () => void;
}

/** The rows in sight; only this is drawn again while somebody scrolls. */
export function TableBody(props: IBodyProps): JSX.Element {
  const { rows, trials, selected, place, scrollTo } = props;
  const virtualizer = useRows(props);
  useLayoutEffect(() => {
    scrollTo.current = row => virtualizer.scrollToIndex(row);
  });
  const items = virtualizer.getVirtualItems();
  const slots = useSlots(items, place);
  return (
    <div
      className="jp-mlops-Trials-body"
      role="rowgroup"
      style={{ height: virtualizer.getTotalSize() }}
      onPointerEnter={props.onPointerEnter}
      onPointerLeave={props.onPointerLeave}
    >
      {items.map((item, i) => {
        const trial = trials.get(rows[item.index]);
        return (
          trial && (
            <TrialRow
              key={slots[i]}
              id={props.idOf(trial.index)}
              trial={trial}
              columns={props.columns}
              position={item.index}
              top={item.start - ROW_HEIGHT}
              active={item.index === place}
              selected={trial.index === selected}
              hasActions={selected === null}
              actions={props.actions}
              trans={props.trans}
              onSelect={props.onSelect}
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

function useRows({ rows, scroller, place }: IBodyProps) {
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
