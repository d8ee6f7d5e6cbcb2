import { parseLiteral, splitList } from '../sweep/literal';

test.each<[string, unknown]>([
  ['1', 1],
  ['-0.5', -0.5],
  ['1e-3', 0.001],
  ['1_000', 1000],
  ['.5', 0.5],
  ['True', true],
  ['false', false],
  ['None', null],
  ["'a'", 'a'],
  ['"it\'s"', "it's"],
  ["'a\\n\\'b\\x41\\u00fc'", "a\n'bAü"],
  ['[]', []],
  ['[1, 2,]', [1, 2]],
  ['(1, "a")', [1, 'a']],
  ['{"a": [1, {"b": None}]}', { a: [1, { b: null }] }],
  ['  [ 1 ]  ', [1]]
])('%s is read as Python would', (text, value) => {
  expect(parseLiteral(text)).toEqual(value);
});

test('a key named __proto__ is a key', () => {
  const value = parseLiteral('{"__proto__": {"polluted": 1}}') as object;
  expect(Object.keys(value)).toEqual(['__proto__']);
  expect('polluted' in {}).toBe(false);
});

test.each([
  '',
  '[1',
  '[1 2]',
  "'a",
  '{1: 2}',
  '{"a" 1}',
  'os.getcwd()',
  '1 + 1',
  "'\\xZZ'"
])('%s is no literal', text => {
  expect(() => parseLiteral(text)).toThrow(SyntaxError);
});

test.each<[string, string[]]>([
  ['a', ['a']],
  ['a, b ,c', ['a', 'b', 'c']],
  ['"a, b", c', ['"a, b"', 'c']],
  ["don't, won't", ["don't", "won't"]],
  ['[1, 2], [3]', ['[1, 2]', '[3]']],
  ['a,,b', ['a', '', 'b']],
  ['', ['']]
])('the list %s has the parts %p', (text, parts) => {
  expect(splitList(text)).toEqual(parts);
});

test.each(['"a, b', '[1, 2'])('the list %s is not closed', text => {
  expect(() => splitList(text)).toThrow(/not closed/);
});
