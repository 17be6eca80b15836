# One line a target; what they do is in the CLI. make answers 2 for any failure: scripts call infrastructure/scripts/.
SHELL := /usr/bin/env bash
.DEFAULT_GOAL := help

# The pinned Node first: an older one on the PATH would make npm pick older packages.
export PATH := $(CURDIR)/node_modules/node/bin:$(PATH)
# Handed on as environment, never pasted into a shell line.
export DB NAME CONFIRM ROUNDS SEED SAMPLE

po := infrastructure/scripts/po-migrate
engine := infrastructure/scripts/test-engine.sh
only_db = $${DB:+--db "$$DB"}

.PHONY: help demo dev check test test-quick coverage test-faults test-property test-guards mutants bench images db-migrate-dev db-migrate-qual db-migrate-prod \
  db-status-dev db-status-qual db-status-prod db-new-migration db-reset-dev db-cutover-vps build

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-20s %s\n", $$1, $$2}' Makefile

demo: ## Migrate the three databases without Docker, in a minute
	@infrastructure/scripts/demo.sh

dev: build ## Start the dev stack, then migrate it
	@$(po) start dev
	@$(MAKE) --no-print-directory db-migrate-dev

db-migrate-dev: build ## Apply what is pending in dev [DB=name]
	@$(po) up dev $(only_db)

db-migrate-qual: build ## Apply what is pending in qual [DB=name]
	@$(po) up qual $(only_db)

db-migrate-prod: build ## Apply what is pending in prod CONFIRM=yes [DB=name]
	@$(po) up prod $(only_db)

db-status-dev: build ## What is applied and pending in dev
	@$(po) status dev

db-status-qual: build ## What is applied and pending in qual
	@$(po) status qual

db-status-prod: build ## What is applied and pending in prod
	@$(po) status prod

db-new-migration: build ## Write the next migration file DB=name NAME=slug
	@$(po) new "$$DB" "$$NAME"

db-reset-dev: build ## Wipe the dev volume, start anew, migrate; 5 s to stop it, and it can be undone
	@$(po) cutover dev

db-cutover-vps: build ## Wipe the shared volume, make qual and prod anew CONFIRM=yes
	@$(po) cutover vps

check: node_modules ## Types, lint, unused code, fresh schemas
	@npm run --silent check

test: node_modules ## Every test, on a Docker engine (one is provided where none answers)
	@infrastructure/scripts/test.sh

test-quick: node_modules ## Checks and unit tests, in less than a minute
	@infrastructure/scripts/test-quick.sh

coverage: node_modules ## Which lines of src the unit tests reach, in numbers and in coverage/index.html; no gate
	@npx vitest run --project unit --reporter=dot --coverage

test-faults: node_modules ## Kill, cut, pause and fill at every kind of step, on engines of its own; goes on where it was cut off
	@infrastructure/scripts/test-faults.sh

test-property: node_modules ## Seeded sequences, and what an older release left [PO_PROPERTY_RUNS=30]
	@PO_TEST_PROJECTS='upgrade property' infrastructure/scripts/test.sh

test-guards: node_modules ## Switch each guard off in a copy of the sources, and show what notices
	@$(engine) run node test/property/guards-off.ts

mutants: node_modules ## Change one operator of the pure floors at a time, and show what no unit test notices [SEED=] [SAMPLE=100]
	@node test/mutants/mutants.ts

bench: node_modules ## po-migrate beside the plain bash runner, in turn [ROUNDS=7]
	@$(engine) run infrastructure/scripts/bench.sh

images: node_modules ## Build the test images [UPSTREAM=1 tags them with the upstream names too]
	@infrastructure/images/build.sh

build: dist/po-migrate.cjs

# Directories too: their time tells of a file that has gone.
dist/po-migrate.cjs: node_modules package.json build.ts $(shell find src)
	@npm run --silent build

node_modules: package-lock.json
	@npm ci --no-fund --no-audit
	@touch node_modules
