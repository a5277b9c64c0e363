"""PostgreSQL, Valkey, worker, beat and web as one foreground process tree, for evaluation and small offices.

`python -m t2d.embedded serve` runs everything, `run -- COMMAND` one command against the data services.
Services named by DATABASE_URL, CELERY_BROKER_URL or CACHE_URL are used as they are and never started here.
This is not how a server for many is run: that is docker-compose.yml.
"""
