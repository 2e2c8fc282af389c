#!/usr/bin/env bash
# pip 26.3 and uv 0.13.9 (PyPI), filling a folder for a Lambda of an older Python than the one that builds it.
# Guess: pip install --target --python-version 3.10 collects what Python 3.10 needs.
# What happens: --python-version picks wheels, but the conditions on dependencies (python_version < "3.11") are
# still judged by the Python that runs pip. Dependencies of the older one only are silently left out; pip exits with 0.
# uv, given the same version, puts it in.
# Why it matters: the bundle installs, uploads, and fails with ModuleNotFoundError at the function's first cold start.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
cd "$dir"
venv/bin/pip install -q --disable-pip-version-check pip==26.3 uv==0.13.9
venv/bin/python -c 'import sys; assert sys.version_info >= (3, 11), "needs Python 3.11 or later"'
venv/bin/python --version
venv/bin/pip --version | cut -d' ' -f1,2
venv/bin/uv --version | cut -d' ' -f1,2
venv/bin/pip install -q --disable-pip-version-check --target by-pip --python-version 3.10 \
  --platform manylinux2014_x86_64 --only-binary=:all: anyio==4.12.0
venv/bin/uv pip install -q --target by-uv --python-version 3.10 \
  --python-platform x86_64-manylinux2014 --only-binary :all: anyio==4.12.0
echo "anyio 4.12.0 declares:"
grep -E '^Requires-Dist: .*python_version' by-pip/anyio-4.12.0.dist-info/METADATA
for module in exceptiongroup typing_extensions.py; do
  for tool in pip uv; do
    if [ -e "by-$tool/$module" ]; then found=there; else found=missing; fi
    echo "for Python 3.10, by $tool: $module is $found"
  done
done
[ ! -e by-pip/exceptiongroup ] && [ -e by-uv/exceptiongroup ]
