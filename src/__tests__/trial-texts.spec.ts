import {
  appendLog,
  EMPTY_LOG,
  LOG_LIMIT,
  plainLog
} from '../sweep/trial-log-text';
import { asPapermill, asYaml } from '../sweep/trial-parameters';

describe('a log', () => {
  function whole(log: typeof EMPTY_LOG): string {
    return log.pieces.map(({ text }) => text).join('');
  }

  test('is kept in pieces that break at lines', () => {
    const line = `${'x'.repeat(99)}\n`;
    let log = EMPTY_LOG;
    for (let i = 0; i < 50; i++) {
      log = appendLog(log, line.repeat(10));
    }
    expect(whole(log)).toBe(line.repeat(500));
    expect(log.pieces.length).toBeGreaterThan(2);
    for (const { text } of log.pieces) {
      expect(text.endsWith('\n')).toBe(true);
    }
  });

  test('joins what came in two parts, and changes the last piece only', () => {
    const first = appendLog(EMPTY_LOG, `${'a\n'.repeat(9_000)}half`);
    const second = appendLog(first, ' line\n');
    expect(whole(second).endsWith('half line\n')).toBe(true);
    expect(second.pieces[0]).toBe(first.pieces[0]);
    expect(appendLog(second, '')).toBe(second);
  });

  test('loses its beginning when it gets too long, and says how much', () => {
    let log = EMPTY_LOG;
    for (let i = 0; i < 15; i++) {
      log = appendLog(log, `${i}\n`.repeat(50_000));
    }
    const ids = log.pieces.map(({ id }) => id);
    expect(log.size).toBeLessThanOrEqual(LOG_LIMIT);
    expect(whole(log).length).toBe(log.size);
    expect(log.size + log.dropped).toBe(10 * 100_000 + 5 * 150_000);
    expect(whole(log).endsWith('14\n')).toBe(true);
    expect(ids).toEqual(ids.map((_, i) => ids[0] + i));
  });

  test.each([
    ['\u001b[31mred\u001b[0m plain', 'red plain'],
    ['\u001b]8;;http://x\u0007link\u001b]8;;\u0007', 'link'],
    ['10%\r20%\r100%\ndone\n', '100%\ndone\n'],
    ['windows\r\nlines\r\n', 'windows\nlines\n'],
    ['under way 10%\r', 'under way 10%\r'],
    ['a\n1\r2\r\nb', 'a\n2\nb'],
    ['<b>not bold</b>', '<b>not bold</b>']
  ])('%j reads %j', (text, plain) => {
    expect(plainLog(text)).toBe(plain);
  });
});

describe('parameters to copy', () => {
  const parameters = {
    C: 0.1,
    penalty: "it's l2",
    tricky: '10',
    flag: true,
    nothing: null,
    sizes: [1, 2],
    'odd name': 'x;y'
  };

  test('as options of papermill, for a shell', () => {
    expect(asPapermill(parameters)).toBe(
      [
        '-p C 0.1',
        "-p penalty 'it'\\''s l2'",
        '-r tricky 10',
        '-p flag True',
        '-p nothing None',
        "-y 'sizes: [1,2]'",
        "-p 'odd name' 'x;y'"
      ].join(' ')
    );
  });

  test('as YAML', () => {
    expect(asYaml(parameters)).toBe(
      [
        'C: 0.1',
        'penalty: "it\'s l2"',
        'tricky: "10"',
        'flag: true',
        'nothing: null',
        'sizes: [1,2]',
        '"odd name": "x;y"',
        ''
      ].join('\n')
    );
    expect(asYaml({ y: 1 })).toBe('"y": 1\n');
  });
});
