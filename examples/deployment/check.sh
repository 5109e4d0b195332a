#!/usr/bin/env bash
# Whether a deployment does its work: enrolls three made-up fingers, verifies one, searches all, and deletes them again.
#
#   FPVERIFY_DB=postgresql://... FPVERIFY_INDEX=milvus://... FPVERIFY_KEY=file:... ./check.sh
#
# It uses whatever these name, PostgreSQL and Milvus or files; ids begin with "check-".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fpverify synth ridges --fingers 3 --impressions 2 --seed 20261129 --out "$folder" > /dev/null

for n in 1 2 3; do
  fpverify enroll "$folder/${n}_1.bmp" --id "check-$n" > /dev/null
done
trap 'for n in 1 2 3; do fpverify delete --id "check-$n" > /dev/null || true; done; rm -rf "$folder"' EXIT

fpverify verify "$folder/1_2.bmp" --id check-1 > /dev/null && echo "verify: the finger is known"
if fpverify verify "$folder/2_2.bmp" --id check-1 > /dev/null; then echo "verify: a stranger gets in" >&2; exit 1; fi
echo "verify: another finger is not"
fpverify identify "$folder/2_2.bmp" --json | grep -q '"check-2"' && echo "identify: found among all"
echo "all is well"
