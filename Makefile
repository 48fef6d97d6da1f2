# Two commands: `make demo` and `make test`. Both set up what the machine lacks.
CARGO ?= cargo
DATA ?= data-demo
LISTEN ?= 127.0.0.1:8080

.PHONY: demo test assets build setup-build setup-test lint unit proof-sigma proof-duckdb proof-clients proof-s3 proof-crash postgres e2e deny bench-overview clean-demo

demo: setup-build assets
	$(CARGO) build --release --bin khien
	scripts/demo.sh $(DATA) $(LISTEN)

test: setup-test assets lint unit proof-sigma proof-duckdb proof-clients proof-s3 postgres e2e

setup-build:
	scripts/setup.sh build

setup-test:
	scripts/setup.sh test

# Style, scripts, icons and fonts of the pages; embedded in the binary.
assets: crates/web/static/dist/app.js

crates/web/static/dist/app.js: $(wildcard crates/web/assets/src/* crates/web/assets/css/* crates/web/assets/img/*) \
		$(wildcard crates/*/src/*/pages/*.html crates/web/pages/*.html crates/web/texts/*.json) crates/web/assets/keep.json \
		crates/web/assets/package-lock.json crates/web/assets/build.mjs crates/web/assets/icons.txt
	cd crates/web/assets && npm ci --no-audit --no-fund && node build.mjs

lint:
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

unit:
	$(CARGO) test --workspace

# The rules and events of detection, asked of pySigma's SQLite backend too.
proof-sigma:
	CARGO=$(CARGO) proof/pysigma/run.sh

# The table of events, read by DuckDB.
proof-duckdb:
	CARGO=$(CARGO) proof/duckdb/run.sh

# Real clients of Debian and PyPI send to a real centre: all arrives, once.
proof-clients:
	CARGO=$(CARGO) proof/clients/run.sh

# The table of events in a bucket of an S3 server.
proof-s3:
	CARGO=$(CARGO) proof/s3/run.sh

# Kills a writer of events a hundred times and looks whether anything acknowledged is lost or there twice.
proof-crash:
	KHIEN_CRASH_ROUNDS=100 $(CARGO) test --workspace --lib -- --nocapture what_was_acknowledged

# The module tests once more, on PostgreSQL.
postgres:
	scripts/postgres.sh scripts/module-tests.sh

# The program in a real browser.
e2e:
	$(CARGO) build --bin khien
	cd e2e && npm ci --no-audit --no-fund && npx playwright test

# Licences, sources and advisories of the dependencies; needs cargo-deny.
deny:
	$(CARGO) deny check

# The leader's page of a large province; the demonstration without the public corpus is where it starts from.
bench-overview:
	KHIEN_CORPUS=/none $(CARGO) run --release --bin khien-bench-overview

clean-demo:
	rm -rf $(DATA)
