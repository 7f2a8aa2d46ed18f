# Every target does its own set-up. `make` alone lists them.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Debian's own interpreter: another one on PATH does not fit the libpython that the worker links.
PYTHON := /usr/bin/python3

# The toolchain's own needs come second: an image that has it without them can build nothing.
BUILD_PACKAGES := libsqlite3-dev libpython3-dev pkg-config python3-venv ca-certificates \
	git binutils libc6-dev libstdc++-12-dev
TEST_PACKAGES := sqlite3

# Examples and benchmarks are packages of their own, built here into the same .build, with the same versions of what they
# stand on: so nothing is compiled twice. What SwiftPM remembers of the last build there may be about another package, and
# has to be planned anew: without that it builds the other one.
ANEW := --disable-build-manifest-caching

# The last `swift test` may not skip its build, short as it is: in a shared .build it would test the package built last.

# Said to `swift build` and `swift test` alike, or the second would build everything again.
CHECKS := --explicit-target-dependency-import-check error

# Tests that wait for programs block the few threads that all tests share: of hundreds at once each would wait minutes for
# its turn.
WIDTH := --experimental-maximum-parallelization-width 8

# The Swift runtime is linked in: the programs start in a third of the time, and run where no toolchain is installed.
RELEASE := --configuration release --static-swift-stdlib

SWIFT_SOURCES := Package.swift Sources Plugins Tests \
	Examples/Package.swift Examples/Sources Examples/Tests Benchmarks/Package.swift Benchmarks/Sources

DATA ?= .sluice
SECONDS ?= 60
TEST_PYTHON := .build/test-python

# A heading, bold on a terminal.
say = @if [ -t 1 ]; then printf '\n\033[1m%s\033[0m\n' '$(1)'; else printf '\n%s\n' '$(1)'; fi

.PHONY: help
help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: release ## Run the demo job on 336,776 real flights
	$(call say,Running the demo job)
	@.build/release/sluice demo --data $(DATA)

.PHONY: release
release: setup ## Build the two programs, optimised, into .build/release
	$(call say,Building the release programs)
	@swift build $(RELEASE) --product sluice $(ANEW)
	@swift build $(RELEASE) --product sluice-python $(ANEW)

.PHONY: test
test: setup-test lint ## Build, lint and test everything, examples included
	$(call say,Building with all tests)
	@swift build --build-tests $(ANEW) $(CHECKS)
	$(call say,Running the examples)
	@cp Package.resolved Examples/Package.resolved
	@swift build --package-path Examples --scratch-path .build --build-tests $(ANEW) $(CHECKS)
	@.build/debug/HostApp
	@swift test --package-path Examples --scratch-path .build --skip-build --disable-xctest $(CHECKS)
	$(call say,Testing)
	@swift test --parallel $(WIDTH) --disable-xctest $(ANEW) $(CHECKS)

.PHONY: lint
lint: ## Check the format of all Swift sources
	$(call say,Checking the format)
	@swift format lint --strict --parallel --recursive $(SWIFT_SOURCES)

.PHONY: format
format: ## Bring all Swift sources into that format
	@swift format --in-place --parallel --recursive $(SWIFT_SOURCES)

.PHONY: bench
bench: setup-bench release ## Measure speed against the plain tools
	$(call say,Building the benchmarks)
	@cp Package.resolved Benchmarks/Package.resolved
	@swift build $(RELEASE) --package-path Benchmarks --scratch-path .build --product Benchmarks $(ANEW)
	$(call say,Measuring)
	@.build/release/Benchmarks --python $(PYTHON)

.PHONY: fuzz
fuzz: setup ## Let libFuzzer look for scripts that the SQL splitter gets wrong, for SECONDS=60
	$(call say,Building the fuzzer)
	@swift build --configuration release --package-path Tests/SQLFuzz --sanitize=fuzzer -Xswiftc -enable-testing
	$(call say,Fuzzing for $(SECONDS) seconds)
	@cd Tests/SQLFuzz && mkdir -p .build/corpus && .build/release/SQLFuzz .build/corpus -dict=sql.dict -max_len=512 \
		-artifact_prefix=.build/ -max_total_time=$(SECONDS)

.PHONY: screenshot
screenshot: release ## Draw the README's picture of a terminal from a real run
	@PATH="$$PWD/.build/release:$$PATH" $(PYTHON) Fixtures/screenshot/capture.py \
		Fixtures/screenshot/demo.svg sluice demo

.PHONY: setup
setup: ## Install the Debian packages that building needs, if missing
	@.ci/install $(BUILD_PACKAGES)

.PHONY: setup-bench
setup-bench:
	@.ci/install $(BUILD_PACKAGES) $(TEST_PACKAGES)

.PHONY: setup-test
setup-test: setup-bench $(TEST_PYTHON)/ready ## The same for the tests, and their Python environment

$(TEST_PYTHON)/ready: Tests/requirements.txt | setup-bench
	$(call say,Preparing the Python environment of the tests)
	@$(PYTHON) -m venv --clear $(TEST_PYTHON)
	@$(TEST_PYTHON)/bin/pip install --quiet --disable-pip-version-check --use-pep517 --requirement Tests/requirements.txt
	@touch $@

.PHONY: clean-data
clean-data: ## Remove the data folder: runs, databases, environments
	rm -rf -- $(DATA)

.PHONY: clean
clean: ## Remove everything that was built
	rm -rf -- .build Examples/.build Benchmarks/.build Tests/SQLFuzz/.build
