# The tasks of this project; each sets up what it needs in .venv and works offline once that is there.
.PHONY: demo test soak bench lint golden lock clean
.DELETE_ON_ERROR:
# the tests start hundreds of processes, each of which would compile every module anew
unexport PYTHONDONTWRITEBYTECODE

READY := .venv/.ready
BIN := .venv/bin

demo: $(READY) ## the main job on real data: new, check, generate, train, promote, serve, one good and one bad request
	@$(BIN)/python .ci/demo.py

test: $(READY) lint ## every test, in two processes
	@echo "test      pytest"
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

soak: $(READY) ## what takes longer: kill loops, thousands of random histories
	@echo "soak      pytest, with everything repeated much more often"
	@OVERTURE_SOAK=1 $(BIN)/python -m pytest

bench: $(READY) ## speed beside code written by hand, as ratios
	@OVERTURE_BENCH=1 $(BIN)/python -m pytest tests/bench -s

lint: $(READY) ## ruff, mypy strict, the layers
	@echo "lint      ruff, mypy, import-linter"
	@$(BIN)/ruff check . && $(BIN)/ruff format --check --quiet . && $(BIN)/mypy && PYTHONPATH=build/typed $(BIN)/lint-imports --no-logo

golden: $(READY) ## write the golden trees anew after a wanted change of the templates
	@$(BIN)/python -m pytest tests/golden --update-golden

lock: ## resolve requirements.lock anew: exact versions with hashes, no index address
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
	  --python-version 3.11 --group dev --all-extras pyproject.toml --output-file requirements.lock

clean: ## forget everything that was made here
	rm -rf .venv build demo

$(READY): pyproject.toml requirements.lock .ci/setup
	@sh .ci/setup
