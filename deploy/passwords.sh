#!/bin/sh
# Run once by the PostgreSQL image, after roles.sql, when its data folder is new.
set -eu
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" \
    -v app="$T2D_APP_PASSWORD" -v owner="$T2D_OWNER_PASSWORD" \
    -v worker="$T2D_WORKER_PASSWORD" -v backup="$T2D_BACKUP_PASSWORD" <<'SQL'
ALTER ROLE t2d_app PASSWORD :'app';
ALTER ROLE t2d_owner PASSWORD :'owner';
ALTER ROLE t2d_worker PASSWORD :'worker';
ALTER ROLE t2d_backup PASSWORD :'backup';
SQL
