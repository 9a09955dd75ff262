"""The common shapes of a rule, so that one costs its facts and its words and nothing else."""
