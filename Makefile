# Everything a person or CI runs here; `make` alone lists it. Needs a POSIX shell, GNU make 3.81 and Python 3.11 or later.

PORT ?= 8080
WORKERS ?= 2
# Read from the command line only: some shells export HOST as the machine's own name.
HOST_OPTION := $(if $(filter command,$(origin HOST)),--host $(HOST))

PY := .venv/bin/python
INSTALL := $(PY) -m pip install --disable-pip-version-check --no-input --constraint constraints.txt --editable

export PYTHONUNBUFFERED := 1

.DEFAULT_GOAL := help
.PHONY: help run test check bench format pins clean

help: ## 列出所有命令 | list these commands
	@awk -F ' *## | \\| ' '/^[a-z]+:.* ## /{sub(/:.*/, "", $$1); printf "make %-7s %s · %s\n", $$1, $$2, $$3}' Makefile

run: .venv/installed-sandbox ## 启动演示，无需任何平台账号 | start the demo on http://127.0.0.1:8080 (PORT=, HOST=, FRESH=1)
	@exec $(PY) -m bot sandbox --port $(PORT) $(HOST_OPTION) $(if $(FRESH),--fresh)

test: .venv/installed-test ## 运行全部检查与测试（CI 即此） | run all checks and tests, as CI does
	@sh scripts/ensure_chromium.sh
	@status=0; \
	$(MAKE) --no-print-directory check || { status=1; echo '>>> A check failed, see above; the tests run all the same.'; }; \
	$(PY) -m pytest --numprocesses $(WORKERS) --dist worksteal --cov --cov-report=term:skip-covered || status=$$?; \
	exit $$status

check: .venv/installed-test ## 格式、规范、类型、依赖方向 | check format, lint, types and import contracts
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	$(PY) -m mypy
	.venv/bin/lint-imports

bench: .venv/installed-test ## 性能基准，与同类在同一次运行中对比 | print the benchmarks, each against a peer in the same run
	@exec $(PY) -m bench

format: .venv/installed-test ## 自动整理格式 | format the code and fix what can be fixed
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

pins: .venv/installed-test ## 升级依赖并重写 constraints.txt | upgrade what we depend on, rewrite constraints.txt
	$(PY) -m pip install --upgrade --upgrade-strategy eager --editable '.[test]'
	@sh scripts/freeze_pins.sh

clean: ## 删除环境与缓存，保留 var/ 数据 | remove environment and caches; keep the data in var/
	rm -rf .venv build dist ./*.egg-info htmlcov .coverage .coverage.* \
		.pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp says that the environment holds what pyproject.toml and constraints.txt asked for when it was made.
.venv/installed-sandbox: pyproject.toml constraints.txt | $(PY)
	@echo '>>> 正在安装运行所需（首次约一分钟） · installing what the demo needs (a minute, once)'
	$(INSTALL) '.[sandbox]'
	@touch $@

.venv/installed-test: pyproject.toml constraints.txt | $(PY)
	@echo '>>> 正在安装测试所需（首次约两分钟） · installing what the tests need (two minutes, once)'
	$(INSTALL) '.[test]'
	@touch .venv/installed-sandbox $@

$(PY):
	@python=$$(PYTHON="$(PYTHON)" sh scripts/find_python.sh) && \
	echo ">>> 正在创建虚拟环境 · creating .venv with $$python" && \
	"$$python" -m venv --clear .venv || { rm -rf .venv; exit 1; }
