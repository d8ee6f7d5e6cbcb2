/** How much of a log is kept; its end matters more than its beginning. */
export const LOG_LIMIT = 1_000_000;
/** Pieces are drawn one by one, and not at all while they are out of sight. */
const PIECE = 16_000;

/** The end of a log, in pieces that break at lines. */
export interface ILogText {
  /** Each with the number of the piece, which stays when earlier ones are dropped. */
  readonly pieces: ReadonlyArray<{
    readonly id: number;
    readonly text: string;
  }>;
  /** Characters kept. */
  readonly size: number;
  /** Characters dropped from the beginning. */
  readonly dropped: number;
}

export const EMPTY_LOG: ILogText = { pieces: [], size: 0, dropped: 0 };

/** The log with more text at its end. */
export function appendLog(log: ILogText, text: string): ILogText {
  if (text === '') {
    return log;
  }
  const pieces = [...log.pieces];
  const last = pieces.pop() ?? { id: 0, text: '' };
  let id = last.id;
  let rest = last.text + text;
  while (rest.length > PIECE) {
    const line = rest.lastIndexOf('\n', PIECE - 1) + 1;
    const cut = line > 0 ? line : PIECE;
    pieces.push({ id: id++, text: rest.slice(0, cut) });
    rest = rest.slice(cut);
  }
  pieces.push({ id, text: rest });
  let size = log.size + text.length;
  let dropped = log.dropped;
  while (size > LOG_LIMIT && pieces.length > 1) {
    const { length } = pieces.shift()!.text;
    size -= length;
    dropped += length;
  }
  return { pieces, size, dropped };
}

const ESCAPES =
  // Colours and cursor movements of a terminal: ESC [ … letter, and ESC ] … BEL.
  // eslint-disable-next-line no-control-regex
  /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;

/** What a terminal would show of a text: no escape codes, and of a line that was written over only its last version. */
export function plainLog(text: string): string {
  const plain = text.replace(ESCAPES, '').replace(/\r+\n/g, '\n');
  return plain.includes('\r')
    ? plain.split('\n').map(lastVersion).join('\n')
    : plain;
}

function lastVersion(line: string): string {
  // A return at the very end has not written over anything yet.
  return line.slice(line.lastIndexOf('\r', line.length - 2) + 1);
}
