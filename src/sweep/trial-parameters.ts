import { exactValue } from './format';

type Values = Readonly<Record<string, unknown>>;

/** The values as papermill takes them on its command line, for a POSIX shell. */
export function asPapermill(parameters: Values): string {
  return Object.entries(parameters)
    .map(([name, value]) => papermillOption(name, value))
    .join(' ');
}

function papermillOption(name: string, value: unknown): string {
  if (value !== null && typeof value === 'object') {
    // `-p` knows no lists; JSON is YAML too.
    return `-y ${quoted(`${yamlKey(name)}: ${JSON.stringify(value)}`)}`;
  }
  // What is a text must not be read as the number or the truth it looks like.
  const option = typeof value === 'string' && readsAsOther(value) ? '-r' : '-p';
  return `${option} ${quoted(name)} ${quoted(exactValue(value))}`;
}

/** The values as a YAML file, for `papermill -f`. */
export function asYaml(parameters: Values): string {
  return Object.entries(parameters)
    .map(
      ([name, value]) => `${yamlKey(name)}: ${JSON.stringify(value ?? null)}\n`
    )
    .join('');
}

function readsAsOther(text: string): boolean {
  return (
    ['True', 'False', 'None'].includes(text) ||
    (text.trim() !== '' && !Number.isNaN(Number(text.replace(/_/g, ''))))
  );
}

function yamlKey(name: string): string {
  return /^[A-Za-z][A-Za-z_0-9]*$/.test(name) &&
    !/^(y|n|yes|no|on|off|true|false|null)$/i.test(name)
    ? name
    : JSON.stringify(name);
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text)
    ? text
    : `'${text.replace(/'/g, `'\\''`)}'`;
}
