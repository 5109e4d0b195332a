#!/usr/bin/env bash
# Makes what compose.yaml takes from files beside it, unless they are there: the store's key, the database's password and,
# to try it out, a certificate for localhost. Keep a copy of store.key elsewhere; put a certificate of your own in its place.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
umask 077

[[ -e store.key ]] || fpverify keys new --out store.key
[[ -e database.password ]] || openssl rand -hex 24 > database.password
[[ -e tls.key ]] || openssl req -x509 -newkey rsa:3072 -nodes -keyout tls.key -out tls.pem -days 365 \
  -subj /CN=localhost -addext subjectAltName=DNS:localhost 2> /dev/null
