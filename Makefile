# Longwatch: "make" lists the targets.
SHELL := /bin/bash
export CGO_ENABLED := 0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X longwatch/internal/app.version=$(VERSION)
TIME ?= 5s
SEED ?= 1
ROUNDS ?= 5
RUNS ?= 5
CAPTURES ?= $(wildcard ../shared/corpora/zeek/traces ../shared/corpora/ndpi ../shared/corpora/arkime ../shared/corpora/suricata)
LOGS ?= $(wildcard ../shared/corpora/evtx)
RACE_PKGS := ./internal/app/... ./internal/collect/... ./internal/sink/... ./internal/ordered/... ./internal/flow/... ./internal/detect ./internal/intel/...

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

.PHONY: build
build: ## the static binary, bin/longwatch
	@mkdir -p bin
	go build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o bin/longwatch ./cmd/longwatch

.PHONY: demo
demo: build ## write an inert four-campaign exercise, hunt it, show where the report lies
	rm -rf demo
	./bin/longwatch simulate all -o demo/exercise --seed $(SEED)
	./bin/longwatch hunt demo/exercise -o demo/case

.PHONY: test
test: ## all tests, with invariants on
	go test -tags invariants ./...

.PHONY: peers
peers: ## install the Python programs that tests compare us with, into .venv
	scripts/peers

.PHONY: race
race: ## the concurrent packages under the race detector (needs a C compiler)
	CGO_ENABLED=1 go test -race -short $(RACE_PKGS)

.PHONY: fuzz
fuzz: ## every fuzz target for TIME (default 5s): before a release, and at night
	@scripts/fuzz-all $(TIME)

.PHONY: corpus-hostile
corpus-hostile: ## every capture of the corpora, damaged in ROUNDS ways (default 5)
	LONGWATCH_HOSTILE=$(ROUNDS) go test -tags invariants ./internal/app -run TestHostileCorpus -count=1 -timeout 4h

.PHONY: bench
bench: ## Go benchmarks of every package
	go test -run '^$$' -bench . -benchmem ./...

.PHONY: bench-records
bench-records: ## longwatch records beside tcpdump, on 1 GB each of mixed, short and bulk traffic (RUNS, CAPTURES, CACHE)
	bench/records -n $(RUNS) $(if $(CACHE),-c $(CACHE)) $(CAPTURES)

.PHONY: bench-evtx
bench-evtx: build ## reading event logs against the Rust reader; LOGS names a folder of them
	go run ./bench/evtx -corpus '$(LOGS)'

.PHONY: bench-sigma
bench-sigma: ## events/s read with and without matching the rules of RULES on LOGS, and their ratio
	go run ./bench/sigma -rules '$(or $(RULES),content/rules)' $(LOGS)

.PHONY: sigma-reference
sigma-reference: ## matches of RULES on LOGS against pySigma and the Rust reader (see bench/sigma/reference.py), and on MADE events for each rule
	$(eval TMP := $(shell mktemp -d))
	python3 bench/sigma/reference.py --rules '$(RULES)' --make $(TMP)/made.json --each $(or $(MADE),2)
	go run ./bench/sigma -rules '$(RULES)' -matches $(TMP)/ours.tsv $(LOGS) $(TMP)/made.json
	python3 bench/sigma/reference.py --rules '$(RULES)' --ours $(TMP)/ours.tsv $(LOGS) $(TMP)/made.json; e=$$?; rm -r $(TMP); exit $$e

.PHONY: bench-yara
bench-yara: ## YARA RULES=folder over TREE=folder, against yara itself: the ratio, and whether both find the same
	@go run ./bench/yara -rules '$(RULES)' -tree '$(or $(TREE),/usr/lib/python3)'

.PHONY: bench-taxii
bench-taxii: ## p99 of a page of the TAXII server: OBJECTS (default a million), CLIENTS, PAUSE between pages of a client
	@go run ./bench/taxii -objects $(or $(OBJECTS),1000000) -clients $(or $(CLIENTS),200) -pause $(or $(PAUSE),1s)

.PHONY: bench-versions
bench-versions: ## versions of programs learned from CAPTURES (folders) against tshark: how many are there, how many were made up
	@go run ./bench/versions $(or $(CAPTURES),../shared/corpora/arkime/pcap)

.PHONY: bench-backup
bench-backup: build ## sealing TREE (default: the Go installation) beside sha256sum of the same files: the ratio
	@bench/backup $(or $(TREE),$(shell go env GOROOT))

.PHONY: bench-backup-tree
bench-backup-tree: build ## seal a tree of FILES (default a million) small files, damage some in every way: is each named, and the ratio to sha256sum
	@go run ./bench/backuptree -files $(or $(FILES),1000000) $(if $(ROUNDS),-rounds $(ROUNDS)) $(if $(DIR),-dir $(DIR))

.PHONY: bench-bigcase
bench-bigcase: build ## hunt a million and ten million generated records: cost of a record, memory, largest page (RECORDS, MEMORY)
	@go run ./bench/bigcase $(if $(RECORDS),-records $(RECORDS)) $(if $(MEMORY),-memory $(MEMORY))

.PHONY: bench-hunt
bench-hunt: build ## what a hunt costs over records of the same CAPTURES (RUNS, INDICATORS; BEFORE=another build)
	@go run ./bench/hunt -runs $(or $(RUNS),5) $(if $(INDICATORS),-indicators $(INDICATORS)) $(if $(BEFORE),-before $(BEFORE)) $(CAPTURES)

.PHONY: bench-segmentation
bench-segmentation: ## zones and conduits of ten million connections: memory and time beside a tenth of them (RECORDS; ASSETS=1 with what is learned of hosts)
	@go run ./bench/segmentation $(if $(RECORDS),-records $(RECORDS)) $(if $(ASSETS),-assets)

.PHONY: bench-baseline
bench-baseline: ## five years of first times of 5,000 hosts in 2 GB: memory, speed, error (HOSTS, ACCOUNTS, DAYS, MIB)
	@go run ./bench/baseline -hosts $(or $(HOSTS),5000) -accounts $(or $(ACCOUNTS),20000) -days $(or $(DAYS),1825) -memory $(or $(MIB),2048)

.PHONY: bench-intel
bench-intel: ## SIZES (1,5,10) million indicators: time to load, build and open, memory, ns of a look-up
	@go run ./bench/intel $(if $(SIZES),-sizes $(SIZES))

.PHONY: bench-quiet
bench-quiet: ## what all detectors say of DAYS of an office of PEOPLE in which nothing is wrong (SEED)
	@go run ./bench/baseline -quiet $(or $(DAYS),200) -people $(or $(PEOPLE),100) -seed $(SEED)

.PHONY: bench-beacon
bench-beacon: ## beacons found in months of ordinary traffic against false alarms, by sleep and jitter (SEEDS, FIRST, MACHINES, SET, DAYS; BEFORE=30: hunts before kept a memory of so many days; LEAST=24h: only such sleeps)
	@go run ./bench/beacon -set $(or $(SET),judge) -seeds $(or $(SEEDS),3) -first $(or $(FIRST),0) -machines $(or $(MACHINES),100) -days $(or $(DAYS),30) -before $(or $(BEFORE),0) -least $(or $(LEAST),0s)

.PHONY: bench-retro
bench-retro: ## a question to RECORDS (default two million) in Parquet: all read, and with row groups left out; the ratio
	@go run ./bench/retro -records $(or $(RECORDS),2000000)

.PHONY: scoreboard
scoreboard: build ## hunt the labelled corpora and play the mixed exercises, write docs/reference/scoreboard.md (ONLY=otrf prints one set)
	go run ./bench/scoreboard $(if $(ONLY),-only $(ONLY)) $(if $(filter-out exercises,$(ONLY)),,-o docs/reference/scoreboard.md)

.PHONY: gen
gen: ## rewrite generated files
	go run ./internal/gen/lists
	find internal -name zrecord.go -delete
	go run ./internal/gen/encoders
	gofmt -w internal/app

.PHONY: networks
networks: ## fetch the tables of networks from npm, check their sums, pack them into internal/asn/data
	scripts/networks

.PHONY: docs
docs: ## rewrite the generated pages of docs/reference and the changelog
	go run ./internal/gen/docs

.PHONY: fmt
fmt: ## format everything
	gofmt -w cmd internal content bench

.PHONY: lint
lint: ## golangci-lint with the project's short list
	scripts/lint

.PHONY: cross
cross: ## compile for every system we promise
	@for t in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64; do \
		echo "$$t"; GOOS=$${t%/*} GOARCH=$${t#*/} go build -trimpath -buildvcs=false -o /dev/null ./cmd/longwatch || exit 1; done

.PHONY: check
check: ## what CI runs: format, generated files, vet, lint, tests, race, cross-builds (FUZZTIME=1s fuzzes too)
	scripts/check
