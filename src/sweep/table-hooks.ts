import { type FocusEvent, type KeyboardEvent, useRef } from 'react';

import type { ITableProps } from './table';
import { ROW_HEIGHT } from './table-body';

type Move = (place: number, page: number, count: number) => number;

const MOVES: Readonly<Record<string, Move>> = {
  ArrowDown: place => place + 1,
  ArrowUp: place => place - 1,
  PageDown: (place, page) => place + page,
  PageUp: (place, page) => place - page,
  Home: () => 0,
  End: (_, __, count) => count - 1
};

/** The focus stays on the grid; keys move the row they act on. */
export function useKeys(
  props: ITableProps,
  scroller: HTMLElement | null,
  place: number,
  goTo: (place: number) => void
): (event: KeyboardEvent) => void {
  const { rows, selected, onSelect, actions } = props;
  return event => {
    // While a button in it has the focus, Enter and Space are the button's.
    const onGrid = event.target === event.currentTarget;
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
    } else if (onGrid && event.key === 'Enter') {
      actions.openNotebook(rows[place]);
    } else if (onGrid && event.key === ' ') {
      onSelect(rows[place]);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
}

/**
 * Tells whether somebody reads: the pointer is over the rows, or the focus in the grid, its head apart.
 *
 * @returns handlers for the grid and for its rows.
 */
export function useReading(onReading: (reading: boolean) => void) {
  const hovered = useRef(false);
  const focused = useRef(false);
  const tell = () => onReading(hovered.current || focused.current);
  const inHead = (target: EventTarget | null) =>
    target instanceof Element && target.closest('[role=columnheader]') !== null;
  return {
    grid: {
      onFocus: (event: FocusEvent) => {
        focused.current = !inHead(event.target);
        tell();
      },
      onBlur: (event: FocusEvent) => {
        const next = event.relatedTarget;
        focused.current = event.currentTarget.contains(next) && !inHead(next);
        tell();
      }
    },
    rows: {
      onPointerEnter: () => {
        hovered.current = true;
        tell();
      },
      onPointerLeave: () => {
        hovered.current = false;
        tell();
      }
    }
  };
}
