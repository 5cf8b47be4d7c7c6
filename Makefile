# `make chat` and `make test` do all of their own set-up; run twice, they do it once.
# README, "Without make", gives the same steps for Windows.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
QUICK := --timeout 5 --retries 0 --no-deps --only-binary :all:
TORCH_CPU := https://download.pytorch.org/whl/cpu
LLAMA_CPU := https://abetlen.github.io/llama-cpp-python/whl/cpu

.PHONY: chat test check eval ranking encoder classifier meaning reviewer search-speed screen-speed lock screenshots samples clean

chat: $(VENV)/ready-chat
	@$(BIN)/coach knowledge build
	@$(BIN)/coach

test: $(VENV)/ready-test
	@$(BIN)/python -m pytest

check: $(VENV)/ready-test  ## style, types, import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(PIP) check

eval: $(VENV)/ready-test  ## the evaluation suites; results under `coach where`
	@$(BIN)/coach eval

ranking: $(VENV)/ready-test  ## learn coach/ranking.npz anew from evals/training (two minutes)
	@$(BIN)/python -m evals.train_ranking

encoder: $(VENV)/ready-test  ## tune coach/encoder.safetensors anew, and the ranking on it (half an hour)
	@$(BIN)/python -m evals.train_encoder
	@$(BIN)/python -m evals.train_ranking

classifier: $(VENV)/ready-test  ## train coach/classifier.gguf and .npz anew (an hour)
	@$(BIN)/python -m evals.train_screen

meaning: $(VENV)/ready-test  ## train coach/meaning.npz anew (ten minutes); needed after make classifier
	@$(BIN)/python -m evals.train_meaning

reviewer: $(VENV)/ready-test  ## train coach/reviewer.gguf and .npz anew (half an hour)
	@$(BIN)/python -m evals.train_review

screen-speed: $(VENV)/ready-test  ## times of the screen: rules alone, all signals, long messages (a minute)
	@$(BIN)/python -m evals.screen_speed

search-speed: $(VENV)/ready-test  ## times of the search, alone and beside 100,000 passages (some minutes)
	@$(BIN)/python -m evals.search_speed

# The tested lock: one file with markers for Python 3.10 to 3.13 on Linux, macOS and Windows.
lock: $(VENV)/ready-test
	$(BIN)/uv pip compile --universal --python-version 3.10 --all-extras --no-annotate --no-header \
		--upgrade pyproject.toml -o constraints.txt

screenshots: $(VENV)/ready-test  ## the pictures in docs/, with the real model
	@$(BIN)/python tests/screenshots.py docs

samples: $(VENV)/ready-test  ## docs/samples.md: worksheets and replies as they come, with the real model
	@$(BIN)/python -m evals.samples

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "Secure Base needs Python 3.10 to 3.13. Name one: make PYTHON=python3.12 ..."; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "This Python cannot make environments. On Debian: sudo apt install python3-venv"; exit 2; }

# Prebuilt CPU wheels first. On Linux the plain torch brings some 20 CUDA packages, and llama-cpp-python
# is otherwise compiled (about five minutes). If an index does not answer at once, pip finds its own way.
$(VENV)/parts: constraints.txt | $(BIN)/python
	@echo "Setting up (a few minutes, once)…"
	@$(PIP) install -q --upgrade "pip>=24"
	@for spec in "$(TORCH_CPU) torch==2.13.0" "$(LLAMA_CPU) llama-cpp-python==0.3.36"; do \
		set -- $$spec; \
		$(PIP) install -q $(QUICK) --index-url $$1 $$2 >/dev/null 2>&1 || true; \
	done
	@touch $@

$(VENV)/ready-chat: $(VENV)/parts pyproject.toml
	@$(PIP) install -q -c constraints.txt -e .
	@touch $@

$(VENV)/ready-test: $(VENV)/parts pyproject.toml tests/browser.sh
	@$(PIP) install -q -c constraints.txt -e ".[dev,evals]"
	@sh tests/browser.sh
	@touch $@ $(VENV)/ready-chat
