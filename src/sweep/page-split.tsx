import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useRef } from 'react';

/** Shares of the width that the right side may have. */
const LEAST = 0.2;
const MOST = 0.7;
const STEP = 0.02;

export interface ISplitProps {
  left: React.ReactNode;
  /** Null when only the left side is there. */
  right: React.ReactNode | null;
  /** Share of the width that the right side has. */
  share: number;
  trans: TranslationBundle;
  onShare: (share: number) => void;
  /** Escape was pressed on either side, which had no use for it. */
  onEscape?: (root: HTMLElement) => void;
}

/** Two sides and a bar between them, moved by pointer or arrow keys. */
export function Split(props: ISplitProps): JSX.Element {
  const { left, right, share, onShare } = props;
  const root = useRef<HTMLDivElement>(null);
  const percent = Math.round(100 * share);
  const moveTo = (clientX: number) => {
    const { right: end, width } = root.current!.getBoundingClientRect();
    onShare(within((end - clientX) / width));
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const sign = { ArrowLeft: 1, ArrowRight: -1 }[event.key];
    if (sign) {
      onShare(within(share + sign * STEP));
      event.preventDefault();
    }
  };
  const onEscape = (event: React.KeyboardEvent) => {
    // In a search field, Escape clears what was typed.
    const typing = (event.target as Element).matches('input, select');
    if (event.key === 'Escape' && props.onEscape && !typing) {
      event.stopPropagation();
      props.onEscape(root.current!);
    }
  };
  return (
    <div ref={root} className="jp-mlops-Split" onKeyDown={onEscape}>
      <div className="jp-mlops-Split-left">{left}</div>
      {right !== null && (
        <>
          <div
            className="jp-mlops-Split-bar"
            role="separator"
            aria-orientation="vertical"
            aria-label={props.trans.__('Width of the trial beside the table')}
            aria-valuemin={100 * LEAST}
            aria-valuemax={100 * MOST}
            aria-valuenow={percent}
            tabIndex={0}
            onKeyDown={onKeyDown}
            onPointerDown={event => {
              event.currentTarget.setPointerCapture(event.pointerId);
              event.preventDefault();
            }}
            onPointerMove={event => {
              if (event.currentTarget.hasPointerCapture(event.pointerId)) {
                moveTo(event.clientX);
              }
            }}
          />
          <div
            className="jp-mlops-Split-right"
            style={{ flexBasis: `${percent}%` }}
          >
            {right}
          </div>
        </>
      )}
    </div>
  );
}

function within(share: number): number {
  return Math.min(MOST, Math.max(LEAST, share));
}
