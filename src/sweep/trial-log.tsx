import type { TranslationBundle } from '@jupyterlab/translation';
import React, {
  memo,
  useEffect,
  useLayoutEffect,
  useRef,
  useState
} from 'react';

import type { TrialLog as Piece } from '../api';
import { messageOf } from '../request';
import { formatCount } from './format';
import {
  appendLog,
  EMPTY_LOG,
  type ILogText,
  plainLog
} from './trial-log-text';

const POLL_MS = 1_000;
const MAX_WAIT_MS = 30_000;
/** Bytes from the end at which a log is opened: its beginning is read when somebody asks for it. */
const TAIL = 65_536;
/** Pixels from the end within which somebody is taken to look at the end. */
const NEAR_END = 24;

export interface ITrialLogProps {
  index: number;
  /** Read a piece of the log from a byte offset on. */
  read: (offset: number) => Promise<Piece>;
  /** Whether anybody can see it. */
  visible: boolean;
  trans: TranslationBundle;
}

/** A trial's log; follows its end for as long as the reader looks at the end. Give it a key for each attempt. */
export function TrialLog(props: ITrialLogProps): JSX.Element {
  const { index, read, visible, trans } = props;
  const [from, setFrom] = useState(-TAIL);
  const { log, ended, error, skipped } = useLog(read, visible, from);
  const scroller = useRef<HTMLPreElement>(null);
  const following = useRef(true);
  useLayoutEffect(() => {
    if (following.current && scroller.current) {
      scroller.current.scrollTop = scroller.current.scrollHeight;
    }
  }, [log, visible]);
  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = scroller.current!;
    following.current = scrollHeight - scrollTop - clientHeight < NEAR_END;
  };
  return (
    <>
      {skipped && (
        <p className="jp-mlops-Log-note">
          {trans.__('This is the end of the log.')}{' '}
          <button
            type="button"
            className="jp-mlops-Link"
            onClick={() => {
              following.current = false;
              setFrom(0);
              scroller.current?.focus();
            }}
          >
            {trans.__('Show it from the beginning')}
          </button>
        </p>
      )}
      {log.dropped > 0 && (
        <p className="jp-mlops-Log-note">
          {trans.__(
            'The first %1 characters are left out here; MLflow has the whole log.',
            formatCount(log.dropped)
          )}
        </p>
      )}
      {error && (
        <p className="jp-mlops-Log-note" role="alert">
          {error}
        </p>
      )}
      <pre
        ref={scroller}
        className="jp-mlops-Log"
        role="log"
        aria-live="off"
        aria-label={trans.__('Log of trial %1', index)}
        tabIndex={0}
        onScroll={onScroll}
      >
        {log.pieces.map(({ id, text }) => (
          <LogPiece key={id} text={text} />
        ))}
        {log.size === 0 && !error && (
          <span className="jp-mlops-quiet">
            {ended ? trans.__('The log is empty.') : trans.__('Nothing yet.')}
          </span>
        )}
      </pre>
    </>
  );
}

const LogPiece = memo(({ text }: { text: string }) => (
  <span className="jp-mlops-Log-piece">{plainLog(text)}</span>
));
LogPiece.displayName = 'LogPiece';

interface ILog {
  log: ILogText;
  /** Whether that is all there will be. */
  ended: boolean;
  /** Why the last piece could not be read; it is tried again. */
  error: string | null;
  /** Whether it begins earlier than what is read. */
  skipped: boolean;
}

const NOTHING_YET: ILog = {
  log: EMPTY_LOG,
  ended: false,
  error: null,
  skipped: false
};

/** Reads on while somebody looks, without pause as long as there is more. */
function useLog(
  read: ITrialLogProps['read'],
  visible: boolean,
  from: number
): ILog {
  const [state, setState] = useState(NOTHING_YET);
  const offset = useRef(from);
  const done = useRef(false);
  useEffect(() => {
    offset.current = from;
    done.current = false;
    setState(NOTHING_YET);
  }, [read, from]);
  useEffect(() => {
    if (!visible || done.current) {
      return;
    }
    let stopped = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let wait = POLL_MS;
    const step = async () => {
      let again = 0;
      try {
        const { text, next, ended } = await read(offset.current);
        if (stopped) {
          return;
        }
        const tail = offset.current < 0;
        again = next > offset.current && text !== '' ? 0 : POLL_MS;
        wait = POLL_MS;
        offset.current = next;
        done.current = ended;
        setState(({ log, skipped }) => {
          const cut = tail && next > bytesOf(text);
          return {
            log: appendLog(log, cut ? wholeLines(text) : text),
            ended,
            error: null,
            skipped: skipped || cut
          };
        });
      } catch (error) {
        again = wait = Math.min(2 * wait, MAX_WAIT_MS);
        setState(before => ({ ...before, error: messageOf(error) }));
      }
      if (!stopped && !done.current) {
        timer = setTimeout(() => void step(), again);
      }
    };
    void step();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [read, visible, from]);
  return state;
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Without the end of a line that began before. */
function wholeLines(text: string): string {
  return text.slice(text.indexOf('\n') + 1);
}
