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
  const { log, ended, error } = useLog(read, visible);
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
}

/** Reads on while somebody looks, without pause as long as there is more. */
function useLog(read: ITrialLogProps['read'], visible: boolean): ILog {
  const [state, setState] = useState<ILog>({
    log: EMPTY_LOG,
    ended: false,
    error: null
  });
  const offset = useRef(0);
  const done = useRef(false);
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
        again = next > offset.current ? 0 : POLL_MS;
        wait = POLL_MS;
        offset.current = next;
        done.current = ended;
        setState(({ log }) => ({
          log: appendLog(log, text),
          ended,
          error: null
        }));
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
  }, [read, visible]);
  return state;
}
