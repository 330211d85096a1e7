"""Start a job as a process that outlives whoever started it; never imports the trainer."""
