// jsdom has no clipboard; JupyterLab warns about it on every import.
Object.defineProperty(globalThis.navigator, 'clipboard', {
  value: { readText: async () => '', writeText: async () => undefined },
  configurable: true
});
