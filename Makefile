# Everything from a fresh checkout: make run, make test. Only set-up, which these two begin with, may install packages, and
# only it calls sudo; make build and all else end with what is missing. See tools/setup-*.sh.

# one rank per GPU; 4 where there is none
GPUS := $(shell . bin/cuda-libraries.sh && gpu_count)
RANKS ?= $(if $(filter-out 0,$(GPUS)),$(GPUS),4)
INPUT ?= inputs/tutorial.toml

# also in somebody else's checkout, whose git settings are trusted no less than this file
COMMIT := $(shell git -c safe.directory='*' describe --always --dirty 2>/dev/null || echo unknown)
MAVEN = mvn -q -B -Dgit.commit=$(COMMIT)
JAVA = $(if $(JAVA_HOME),$(JAVA_HOME)/bin/)java
ARCHIVE = target/ringattention.jsa
BUNDLE = build/bundle

# Steps that make many files end with a stamp: one that has failed, or was ended, is not done. FORCE where files are gone.
JAR = target/jar.done
NATIVES = target/natives.done
TEXT = build/text.done
missing = $(if $(filter-out $(wildcard $(1)),$(1)),FORCE)

.PHONY: help setup found build data data-genome run parquet test test-slurm test-hosts test-faults test-long test-large test-load test-readme mutation record bundle release validate-gpu validate-8gpu peers paper-cpu paper-gpu format cli-files clean

# set-up comes before what needs it, also with -j; Maven does one thing at a time anyway
.NOTPARALLEL:

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## provide JDK, Maven and Open MPI for Java; installs only what is missing
	@tools/setup-mpi.sh

found: # the same, but installs nothing
	@tools/setup-mpi.sh --installs-nothing

build: $(ARCHIVE) ## the program, ready for bin/ringattention

data: $(TEXT) ## the tutorial's text: Java sources of the libraries used here

data-genome: ## the genome of inputs/genome.toml, out of a Debian package, or GENOME=file.fasta
	@tools/data-genome.sh $(GENOME)

run: setup build data ## train the tutorial on RANKS ranks (one per GPU, or 4), or another INPUT=file.toml
	tools/mpirun.sh -np $(RANKS) bin/ringattention train $(INPUT)
	$(if $(filter inputs/tutorial.toml,$(INPUT)),tools/continue.sh $(RANKS))

parquet: ## what reads .parquet files, into build/parquet; not needed for others, and no part of a bundle
	@rm -rf build/parquet
	$(MAVEN) dependency:copy-dependencies -DincludeScope=provided -DoutputDirectory=$(CURDIR)/build/parquet

# not verify, which would pack the jar again: the class archive is of the one that build has made, and serves every rank
test: setup build data ## every test: threads as ranks, real mpirun, the built program
	$(subst -q,-ntp,$(MAVEN)) test failsafe:integration-test failsafe:verify spotless:check
	@command -v nvidia-smi >/dev/null && nvidia-smi -L >/dev/null 2>&1 || \
	  echo 'GPU checks: NOT CHECKED (no GPU on this machine)'

test-slurm: build data ## the job scripts of slurm/ on a Slurm of this machine alone; needs root and Debian's packages
	@if tools/setup-slurm.sh && [ "$$(id -u)" = 0 ]; then \
	  src/test/slurm/cluster.sh src/test/slurm/test.sh; \
	else \
	  echo 'Slurm scripts: NOT CHECKED (needs root, and slurm-wlm and munge, which apt-get could install)'; \
	fi

test-hosts: build data ## two and four hosts made of this machine's namespaces, whole and broken; needs root
	@if src/test/hosts/hosts.sh 1 true 2>build/hosts.log; then \
	  src/test/hosts/hosts.sh 4 src/test/hosts/test.sh; \
	else \
	  echo 'Several hosts: NOT CHECKED (needs root and namespaces; why: build/hosts.log)'; \
	fi

test-faults: build data ## kills, full disks, hanging ranks and other faults, each with a real mpirun; 20 minutes
	$(subst -q,-ntp,$(MAVEN)) test-compile failsafe:integration-test failsafe:verify -Dit.test=FaultIT \
	  -Dtest.excluded=none -Dfaults.kills=50 $(if $(SEED),-Dfaults.seed=$(SEED))

test-long: build data ## 10,000 short steps on 2 ranks: memory and open files stay flat (minutes)
	tools/test-long.sh

test-large: build ## a corpus of 20 GB on 2 ranks: each takes less than 1 GiB (minutes, 0.3 GB of disk)
	tools/test-large.sh

test-load: build data ## eight runs at once, 100,000 files, full disks: what a busy host does to runs; 10 minutes
	tools/test-load.sh

test-readme: build ## the commands of README.md as they stand there, in a clone; 10 minutes on 2 cores
	tools/test-readme.sh

mutation: found ## would the tests notice? changes the program in small ways; of one PACKAGE or all; see docs/mutation.md
	tools/mutation.sh $(COMMIT) $(PACKAGE)

record: build data ## measure this machine's CPU ranks into validation/cpu/
	tools/record-cpu.sh

validate-gpu: build data ## checks and benchmarks on the GPUs here, into validation/gpu/
	tools/record-gpu.sh

validate-8gpu: build data ## what 8 (or 4, 2) GPUs of one host show, into validation/gpu/; 6 minutes on 2
	tools/record-gpu.sh machine host host-1m host-longest

peers: build data ## this program beside PyTorch's context parallelism on the GPUs here, into validation/peers/; needs PyTorch
	tools/record-peers.sh; status=$$?; [ $$status = 2 ] || tools/results-page.sh; exit $$status

paper-cpu: build data ## the paper's tables as far as CPU ranks can show them, into validation/paper/ and docs/results.md
	tools/record-paper.sh cpu; status=$$?; tools/results-page.sh && exit $$status

paper-gpu: build data ## the paper's tables on the GPUs here, into validation/paper/ and docs/results.md
	tools/record-paper.sh gpu; status=$$?; [ $$status = 2 ] || tools/results-page.sh; exit $$status

bundle: build data ## one folder with all it needs on a machine with GPUs, and the same packed; see docs/gpu.md
	tools/bundle.sh $(BUNDLE) $(COMMIT)

release: ## source archive, bundle, SBOM and checksums into build/release/; see CONTRIBUTING.md
	@tools/release.sh

format: ## lay out the Java sources as the build demands
	$(MAVEN) spotless:apply

cli-files: build ## bash completion and manual page in share/, from the program's own table of commands
	@mkdir -p share/bash-completion/completions share/man/man1
	bin/ringattention help bash-completion > share/bash-completion/completions/ringattention
	bin/ringattention help man-page > share/man/man1/ringattention.1

clean: ## remove what was built; keeps both Open MPI and outputs/
	rm -rf target build/text build/genome $(TEXT) $(BUNDLE) $(BUNDLE).tar.xz

# A new commit is a new version, also when no source has changed. A checkout that this user cannot write stays as it is.
build/commit: FORCE
	@mkdir -p build
	@echo $(COMMIT) | cmp -s - $@ || { [ -e $@ ] && [ ! -w $@ ]; } || echo $(COMMIT) > $@

$(JAR): pom.xml build/commit $(shell find src/main -type f) $(call missing,target/ringattention.jar target/lib) | found
	@rm -f $@
	$(MAVEN) package -Dmaven.test.skip=true
	@touch $@

# native libraries beside the jars: ranks that unpack them at the same time would race
$(NATIVES): pom.xml tools/unpack-natives.sh $(JAR) $(call missing,target/natives)
	tools/unpack-natives.sh target/natives target/lib/*-linux-x86_64.jar target/lib/tokenizers-*.jar
	@touch $@

# The classes of a run, loaded and verified once: halves the start. Not needed: without it, or where it does not fit the JVM,
# every rank loads them itself. An empty one says that it was tried.
$(ARCHIVE): $(JAR) $(NATIVES) $(TEXT)
	@rm -f $@ $@.part
	@if RINGATTENTION_JAVA_OPTIONS=-XX:ArchiveClassesAtExit=$@.part \
	  tools/mpirun.sh -np 1 bin/ringattention train inputs/tutorial.toml --dry-run > build/archive.log 2>&1 && [ -s $@.part ]; then \
	  mv $@.part $@; \
	else \
	  rm -f $@.part; touch $@; echo 'make: no class archive, so starts are slower; why: build/archive.log' >&2; \
	fi

$(TEXT): pom.xml $(call missing,build/text) | found
	@rm -rf $@ build/text
	$(MAVEN) dependency:unpack-dependencies@tutorial-text
	@touch $@

FORCE:
