"""Where trials run. `base.Executor` in `backends.base` is the interface; the entry-point group is `jupyter_mlops.executors`."""
