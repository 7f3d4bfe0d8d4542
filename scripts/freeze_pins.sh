#!/bin/sh
# Writes constraints.txt from what .venv holds: names and versions, no addresses. `make pins` upgrades first.
set -eu

{
    echo '# The versions this release was tested with. Written by `make pins`; the wishes stand in pyproject.toml.'
    .venv/bin/python -m pip list --disable-pip-version-check --format=freeze --exclude-editable \
        --exclude pip --exclude setuptools --exclude wheel --exclude fupan
} >constraints.txt.new
mv constraints.txt.new constraints.txt
