#!/bin/sh
# Lays fpverify with its service into a virtual environment: ./install.sh PREFIX [WHEELS]
#
# With WHEELS, a folder of wheels, it asks no index. The Dockerfile runs this, and so does a machine without containers.
set -eu
prefix=$1
wheels=${2:-}
python3 -m venv "$prefix"
if [ -n "$wheels" ]; then
  set -- --no-index --find-links "$wheels"
else
  set --
fi
"$prefix/bin/python" -m pip install --quiet --no-cache-dir --disable-pip-version-check "$@" "fpverify[${EXTRAS:-service,postgres,milvus}]"
"$prefix/bin/python" -m compileall -q "$prefix" || true  # a read-only root file system keeps what is compiled now
"$prefix/bin/fpverify" --version
