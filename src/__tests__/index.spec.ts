import plugins from '..';

test('every plugin has an id and a description of its own', () => {
  const ids = plugins.map(plugin => plugin.id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const plugin of plugins) {
    expect(plugin.id).toMatch(/^jupyter-mlops:/);
    expect(plugin.description).toBeTruthy();
  }
});
