#!/bin/sh
# The wheel, the sdist and the bill of materials, the same bytes each time for one commit.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON_BIN:-.venv/bin/python}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH

rm -rf dist build/run
"$python" -m hatchling build -d dist

# Everything in the lock is checked against its hash; of it the wheel then takes what it needs.
"$python" -m pip download --quiet --no-deps --require-hashes -r requirements.lock -d build/wheels
"$python" -m venv --without-pip build/run
"$python" -m pip --python build/run/bin/python install --quiet --no-index --find-links build/wheels dist/*.whl
version=$("$python" -c 'import fixbot; print(fixbot.__version__)')
sed "s/^dynamic = .*/version = \"$version\"/" pyproject.toml >build/pyproject.toml
"$(dirname "$python")/cyclonedx-py" environment --pyproject build/pyproject.toml --mc-type application \
  --output-reproducible --output-format JSON --output-file dist/fixbot.cdx.json build/run/bin/python
