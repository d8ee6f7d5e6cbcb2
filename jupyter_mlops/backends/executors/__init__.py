"""Where trials run: `backends.base.Executor` is the interface, `jupyter_mlops.executors` the entry-point group."""
