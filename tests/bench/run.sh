#!/bin/sh
# run.sh [GROUP...]: measures each group (all without one), one line a figure:
#   name ours peer ratio goal ok|short
# ours and peer are medians of the same run, ratio is ours by peer, the goal the most it may be.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PATH=$here/../../build:$PATH
export PATH PYTHONDONTWRITEBYTECODE=1

# shellcheck disable=SC2046 # one word a group
[ $# -gt 0 ] || set -- $(ls "$here" | sed -n 's/\.py$//p' | grep -v '^bench$')
for group; do
	[ -f "$here/$group.py" ] || { echo "no bench group '$group' in $here" >&2; exit 2; }
	python3 "$here/$group.py"
done
