"""Many items at a time: in processes here, on a dask cluster, or as a Slurm array. No format."""
