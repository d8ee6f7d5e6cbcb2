import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { Widget } from '@lumino/widgets';

import plugins from '..';

test('the sidebar panel announces itself to people and to screen readers', async () => {
  const added: Widget[] = [];
  const shell = { add: (widget: Widget) => added.push(widget) };

  for (const plugin of plugins) {
    await plugin.activate({ shell } as unknown as JupyterFrontEnd, null, null);
  }

  expect(added.map(widget => widget.title.caption)).toEqual(['MLOps']);
  expect(added[0].node.getAttribute('role')).toBe('region');
  expect(added[0].node.getAttribute('aria-label')).toBe('MLOps');
});
