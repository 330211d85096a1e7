"""Start jobs as processes that outlive whoever started them, here or under Slurm; never imports
the trainer."""
