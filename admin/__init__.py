"""Who steers: REST API v1 and the admin UI that uses nothing else."""
