"""One module per surface. They assemble clients and views, and decide nothing else."""
