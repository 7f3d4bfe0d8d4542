#!/bin/sh
# Prints the path of a Python that can build our virtual environment: 3.11 or later, with venv and pip on board.
# PYTHON=... names one; else the first of the usual names that will do. Debian ships venv apart, hence the second check.
set -eu

bare=''
for name in ${PYTHON:-python3.11 python3.12 python3.13 python3.14 python3 python}; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        "$name" -c 'import ensurepip, sys, venv; print(sys.executable)' 2>/dev/null && exit 0
        bare=$name
    fi
done
if [ -n "$bare" ]; then
    echo "$bare lacks the modules venv and ensurepip: install them (on Debian and Ubuntu: apt-get install python3-venv)." >&2
else
    echo "Fupan needs Python 3.11 or later and found none: install it, or name yours with make PYTHON=/path/to/python3." >&2
fi
exit 1
