#!/bin/sh
# Runs a command in the service's container as the service runs: the database's password is a secret in a file.
#   settings.sh fpverify list
FPVERIFY_DB="postgresql://fpverify:$(cat /run/secrets/database)@database/fpverify"
export FPVERIFY_DB
exec "$@"
