import type * as nbformat from '@jupyterlab/nbformat';
import type { Contents, KernelSpec } from '@jupyterlab/services';

const INTRODUCTION = `# A notebook to sweep

Its second cell is tagged \`parameters\`: what it assigns can be varied. Press **Sweep…** in the toolbar above, give
\`C\` a range from 0.01 to 100 on a log scale, choose *random*, and run it.

To make a notebook of your own ready, tag the cell with its settings as \`parameters\` and log what you want to compare.`;

const PARAMETERS = `C = 1.0  # how much a misread digit costs
gamma = 0.001  # how near two digits must be to count as alike
kernel = "rbf"  # rbf, poly or sigmoid
test_size = 0.25  # share of the digits kept for testing`;

const TRAINING = `import mlflow
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=test_size, random_state=0)

model = SVC(C=C, gamma=gamma, kernel=kernel).fit(X_train, y_train)

mlflow.log_metric("accuracy", model.score(X_test, y_test))
mlflow.log_metric("train_accuracy", model.score(X_train, y_train))`;

/** Write the example where nobody's file stands, and give its path. */
export async function writeExample(
  contents: Contents.IManager,
  folder: string,
  kernels: KernelSpec.ISpecModels | null
): Promise<string> {
  const created = await contents.newUntitled({
    path: folder,
    type: 'notebook'
  });
  const saved = await contents.save(created.path, {
    type: 'notebook',
    format: 'json',
    content: exampleNotebook(kernels)
  });
  return saved.path;
}

/** A small notebook that trains on scikit-learn's digits and logs its accuracy. */
export function exampleNotebook(
  kernels: KernelSpec.ISpecModels | null
): nbformat.INotebookContent {
  const kernel = pythonKernel(kernels);
  return {
    cells: [
      {
        cell_type: 'markdown',
        id: 'introduction',
        metadata: {},
        source: INTRODUCTION
      },
      code('parameters', PARAMETERS, ['parameters']),
      code('training', TRAINING)
    ],
    metadata: {
      ...(kernel && {
        kernelspec: { name: kernel.name, display_name: kernel.display_name }
      }),
      language_info: { name: 'python' }
    },
    nbformat: 4,
    nbformat_minor: 5
  };
}

function code(id: string, source: string, tags?: string[]): nbformat.ICell {
  return {
    cell_type: 'code',
    id,
    metadata: tags ? { tags } : {},
    source,
    outputs: [],
    execution_count: null
  };
}

function pythonKernel(
  kernels: KernelSpec.ISpecModels | null
): KernelSpec.ISpecModel | undefined {
  const specs = kernels?.kernelspecs ?? {};
  const usual = specs[kernels?.default ?? ''];
  return usual?.language === 'python'
    ? usual
    : Object.values(specs).find(spec => spec?.language === 'python');
}
