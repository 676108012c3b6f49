# `make demo` and `make test` do all the set-up themselves; `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One more than there are processors: half of what the tests take is waiting for devices and clocks.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
# What Qt, the tests of clocks and the screenshots need beyond Python packages.
SYSTEM := libegl1 libgl1 libopengl0 libxkbcommon0 libxkbcommon-x11-0 libdbus-1-3 libfontconfig1 \
	libglib2.0-0 libaravis-0.8-0 aravis-tools libnss3 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 \
	libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 libxcb-xkb1 libpulse0 xvfb faketime iproute2 nftables fonts-dejavu-core fonts-wqy-microhei \
	chromium chromium-driver x11-xserver-utils pulseaudio libasound2-plugins libportaudio2

.PHONY: help demo gui test lint types-here types-win32 types-darwin wheels bundle docs screenshots format bench clean system

help:
	@echo "make demo    install, play a short protocol to the simulated rig and record it"
	@echo "make gui     install, and open the window with the simulated rig"
	@echo "make test    install what the tests need, and run them"
	@echo "make lint    ruff, mypy and dependencies (of all three systems), import-linter"
	@echo "make wheels  build wheel and sdist, install each extra into an empty environment and use it"
	@echo "make bundle  a folder in dist/ that needs no Python, and a trial of it (minutes)"
	@echo "make docs    the handbook as a site, in build/handbook"
	@echo "make screenshots  the pictures of the handbook, drawn by the program (minutes)"
	@echo "make bench   the benchmarks and soak tests (minutes)"
	@echo "make format  let ruff format the code"
	@echo "make clean   remove the virtual environment and caches"

demo: $(VENV)/.demo
	@$(BIN)/unisono demo; code=$$?; echo; \
	echo "The window, with the simulated rig:  make gui"; \
	echo "What was recorded, frame by frame:   $(BIN)/unisono review SESSION"; \
	echo "In other people's forms:             $(BIN)/unisono export bids SESSION --to DIR"; exit $$code

gui: $(VENV)/.gui
	@$(BIN)/python -c 'from acquire.rig.simulated import SIMULATED_RIG as rig; print(rig.format(seed=1))' > $(VENV)/simulated.toml
	$(BIN)/unisono gui $(VENV)/simulated.toml

test: $(VENV)/.test system
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)  # a file's fixtures are made once

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(MAKE) --no-print-directory -j3 --output-sync types-here types-win32 types-darwin
	$(BIN)/lint-imports
	sh .ci/other-systems $(BIN)/uv

wheels: $(VENV)/.test
	rm -rf dist/*.whl dist/*.tar.gz
	$(BIN)/python -m hatchling build -d dist
	$(BIN)/python -m pytest tests/install/each_extra.py $(ARGS)

bundle: $(VENV)/.test system
	$(BIN)/uv venv -q --clear --python $(BIN)/python build/bundle
	$(BIN)/uv pip install -q --python build/bundle '.[all,bundle]'
	$(BIN)/uv pip uninstall -q --python build/bundle opencv-python
	$(BIN)/uv pip install -q --python build/bundle opencv-python-headless  # the same without a Qt of its own
	build/bundle/bin/pyinstaller --noconfirm --log-level WARN --distpath dist --workpath build/pyinstaller \
		.ci/bundle/unisono.spec
	@sh .ci/system-packages x11-utils
	$(BIN)/python -m pytest tests/install/bundle.py $(ARGS)

docs: $(VENV)/.docs
	$(BIN)/mkdocs build

screenshots: $(VENV)/.test system
	$(BIN)/python -m tests.handbook.pictures $(ARGS)

types-here:
	$(BIN)/mypy

# Each system has a cache of its own: they would throw out each other's.
types-win32 types-darwin: types-%:
	$(BIN)/mypy --platform $* --cache-dir .mypy_cache/$* -p acquire -p devices -p gui -p recordings

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.bench $(VENV)/.test system
	$(BIN)/python -m pytest -m soak
	$(BIN)/python -m tests.bench $(ARGS)

system:
	@sh .ci/system-packages $(SYSTEM)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Unisono needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || sh .ci/system-packages python3-venv
	$(PYTHON) -m venv $(VENV)

$(BIN)/uv: | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check uv

$(VENV)/.gui: EXTRAS = gui
$(VENV)/.demo: EXTRAS = gui,bids,parquet,tables
$(VENV)/.test: EXTRAS = test
$(VENV)/.docs: EXTRAS = docs
$(VENV)/.bench: EXTRAS = test,bench
$(VENV)/.demo: HOLDS = $(VENV)/.gui
$(VENV)/.bench: HOLDS = $(VENV)/.test

# uv takes a fifth of the time of pip, which is asked where uv cannot: it has indexes of its own.
$(VENV)/.gui $(VENV)/.demo $(VENV)/.test $(VENV)/.docs $(VENV)/.bench: pyproject.toml | $(BIN)/uv
	@$(BIN)/uv pip install -q --python $(BIN)/python -e '.[$(EXTRAS)]' || \
		$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[$(EXTRAS)]'
	@touch $@ $(HOLDS)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
