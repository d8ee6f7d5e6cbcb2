"""`python -m jupyter_mlops.cli`, where no console script is on the PATH."""

from jupyter_mlops.cli import main

main()
