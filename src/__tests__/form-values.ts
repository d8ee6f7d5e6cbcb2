import type { NotebookInfo, Parameter } from '../api';

export function aParameter(
  name: string,
  type: Parameter['type'],
  value: unknown,
  source = JSON.stringify(value)
): Parameter {
  return { name, type, default: value, source, help: '' };
}

/** A notebook with one parameter of each kind. */
export const PARAMETERS = [
  aParameter('lr', 'float', 0.001, '1e-3'),
  aParameter('layers', 'int', 4),
  aParameter('kernel', 'str', 'rbf', '"rbf"'),
  aParameter('shuffle', 'bool', true, 'True'),
  aParameter('sizes', 'list', [8, 16], '[8, 16]'),
  aParameter('options', 'dict', { a: null }, '{"a": None}'),
  aParameter('anything', 'any', null, 'None'),
  aParameter('workers', 'any', null, 'os.cpu_count()')
];

export function aNotebook(change: Partial<NotebookInfo> = {}): NotebookInfo {
  return {
    path: 'work/train.ipynb',
    name: 'train',
    kernel: 'python3',
    language: 'python',
    kernels: ['python3'],
    has_parameters_cell: true,
    parameters: PARAMETERS,
    readable: true,
    metrics: ['accuracy', 'val_loss'],
    experiment: 'train',
    cells: 5,
    suggested_parameters_cell: null,
    parallelism: 2,
    max_trials: 10_000,
    ...change
  };
}
