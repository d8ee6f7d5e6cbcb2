import { nullTranslator } from '@jupyterlab/translation';

import type { Sweep } from '../api';
import {
  bestWords,
  endedCount,
  exactValue,
  formatCount,
  formatDuration,
  formatLeft,
  formatNumber,
  formatObjective,
  formatValue,
  formatWhen,
  stateMark,
  stateWord,
  TRIAL_STATES
} from '../sweep/format';

const trans = nullTranslator.load('');

test.each([
  [0, '0'],
  [0.9731234, '0.973'],
  [0.97, '0.97'],
  [-0.5, '-0.5'],
  [1, '1'],
  [12.3456, '12.3'],
  [1234.56, '1235'],
  [250000, '250000'],
  [0.001234, '0.00123'],
  [0.00001234, '1.23e-5'],
  [0.0001, '0.0001'],
  [0.99999, '1'],
  [12345678.9, '1.23e7'],
  [3e12, '3e12'],
  [Infinity, '∞'],
  [-Infinity, '−∞'],
  [NaN, 'NaN']
])('the number %p reads %s', (value, words) => {
  expect(formatNumber(value)).toBe(words);
});

test.each([
  [0.97, '0.9700'],
  [0.97312, '0.9731'],
  [1, '1'],
  [1234.5678, '1235'],
  [0.00001, '1e-5']
])('the objective %p reads %s', (value, words) => {
  expect(formatObjective(value)).toBe(words);
});

test.each([
  [null, 'None', 'None'],
  [true, 'True', 'True'],
  [false, 'False', 'False'],
  ['l2', 'l2', 'l2'],
  [0.123456789, '0.1235', '0.123456789'],
  [[1, 'a'], '[1,"a"]', '[1,"a"]'],
  [{ a: 1 }, '{"a":1}', '{"a":1}']
])('the value %p reads %s, in full %s', (value, words, full) => {
  expect(formatValue(value)).toBe(words);
  expect(exactValue(value)).toBe(full);
});

test.each([
  [-5, '0.0 s'],
  [400, '0.4 s'],
  [9_949, '9.9 s'],
  [9_951, '10 s'],
  [59_400, '59 s'],
  [59_600, '1 min 00 s'],
  [185_000, '3 min 05 s'],
  [3_600_000, '1 h 00 min'],
  [4_800_000, '1 h 20 min'],
  [183_600_000, '2 d 3 h']
])('%p milliseconds read %s', (milliseconds, words) => {
  expect(formatDuration(milliseconds, trans)).toBe(words);
});

test.each([
  [3, 'a few seconds left'],
  [33, 'about 30 s left'],
  [56, 'about 1 min left'],
  [170, 'about 3 min left'],
  [7_000, 'about 2 h left'],
  [400_000, 'about 5 days left']
])('%p seconds left read %s', (seconds, words) => {
  expect(formatLeft(seconds, trans)).toBe(words);
});

test('moments are relative, and never in the future', () => {
  expect(formatWhen(Date.now() + 5_000)).toBe('now');
  expect(formatWhen(Date.now() - 185_000)).toBe('3 minutes ago');
});

test('every state has a mark of its own and a word', () => {
  const marks = TRIAL_STATES.map(stateMark);
  expect(new Set(marks).size).toBe(TRIAL_STATES.length);
  expect(TRIAL_STATES.map(state => stateWord(state, trans))).toEqual([
    ...TRIAL_STATES
  ]);
});

test('counts have their thousands apart', () => {
  expect(formatCount(10_000)).toBe('10,000');
});

test('a sweep says what is best and how many have ended', () => {
  const sweep = {
    counts: { succeeded: 3, failed: 1, running: 2 },
    best: { index: 17, objective: 0.97312 },
    objective: 'accuracy'
  } as unknown as Sweep;
  expect(endedCount(sweep)).toBe(4);
  expect(bestWords(sweep, trans)).toBe('best accuracy 0.973 (trial 17)');
  expect(bestWords({ ...sweep, best: null }, trans)).toBe('');
});
