#!/bin/sh
# The PostgreSQL image runs this once, on an empty data directory. The service gets a role of its own that owns its database
# and is not a superuser, because row-level security, the second barrier between tenants, does not apply to superusers.
set -eu
: "${SERVICE_PASSWORD:?}"
psql --no-psqlrc --set ON_ERROR_STOP=1 --set password="$SERVICE_PASSWORD" --username "$POSTGRES_USER" --dbname postgres <<'SQL'
create role defectdiffu login password :'password';
create database defectdiffu owner defectdiffu;
SQL
