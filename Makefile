# cellsweep: `make` builds, `make fig4` reproduces figure 4, `make test` tests; `make help` lists the rest.
.DEFAULT_GOAL := build
SHELL := /bin/bash

BUILD ?= build
# Where embedded files are looked for (embed.h).
ROOT := .
VERSION := 0.2.0
CC := gcc
# gsl stays last: its plain cblas must come after openblas, whose functions have the same names.
PACKAGES := ompi-c hdf5-openmpi openblas yaml-0.1 libxxhash libpng libtiff-4 libopenjp2 libjpeg libzip zlib libmicrohttpd jansson nettle libprotobuf-c xgboost gsl
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef -Wpointer-arith \
        -Wcast-align -Wcast-qual -Wwrite-strings -Wformat=2 -Wdouble-promotion -Wconversion
OPT := -O3 -fno-math-errno -fno-trapping-math -ffp-contract=off
# Flags of the libraries are looked up when a recipe runs, so that `make deps` can install them first.
SYSTEM = $(shell pkg-config --cflags $(PACKAGES) | sed 's/-I/-isystem /g')
LIBS = $(shell pkg-config --libs $(PACKAGES)) -Wl,-rpath,$(shell pkg-config --variable=libdir openblas) -lsvm -lm $(LDLIBS)
CFLAGS = -std=c11 -D_GNU_SOURCE $(OPT) -g $(WARN) $(EXTRA) -Icommon -Iworker -Iresults -Iorchestrator -Itests -I$(BUILD) -isystem $(BUILD)/generated $(SYSTEM) -Wa,-I$(ROOT)

ISA_avx2 := -mavx2 -mfma
ISA_avx512 := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mprefer-vector-width=512

# What protoc-c makes of Debian's onnx.proto: how ONNX models are written and read. Not ours, so not linted.
ONNX := $(BUILD)/generated/onnx.pb-c
# The same of our subset of TensorBoard's.
EVENT := $(BUILD)/generated/event.pb-c
FLOORS := common worker results orchestrator
SRC := $(sort $(shell find $(FLOORS) -name web -prune -o -name '*.c' -print))
OBJ := $(SRC:%.c=$(BUILD)/%.o)
LIBOBJ := $(filter-out $(BUILD)/orchestrator/main.o,$(OBJ)) $(ONNX).o $(EVENT).o
LOADS := $(patsubst tests/%.c,%,$(wildcard tests/*/load_*.c))
MPI_TESTS := $(patsubst tests/%.c,%,$(wildcard tests/*/mpi_*.c))
UNITS := $(patsubst tests/%.c,%,$(wildcard tests/*/test_*.c))
SCRIPTS := $(sort $(wildcard tests/program/run_*.sh))
FUZZ := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
# Fixtures of tests; programs, preloaded libraries and what replaces functions of the C library are linked by themselves.
SUPPORT := $(filter-out $(patsubst %,tests/support/%.c,make_bundle make_cells preload collectives slow_start faults),$(wildcard tests/support/*.c))
SOURCES := $(SRC) $(wildcard tests/*/*.c)
WEB_DIR := build/web
WEB_SRC := $(shell find results/web -name node_modules -prune -o -type f ! -name DOCUMENT.md ! -name openapi.yaml -print)
WEB_AGAIN := $(shell grep -qs npm $(WEB_DIR)/left-out && command -v npm >/dev/null && \
               { [ "$(WEB)" = strict ] || grep -q 'not installed' $(WEB_DIR)/left-out; } && echo yes)
HEADERS := $(shell find $(FLOORS) -name web -prune -o -name '*.h' -print) $(wildcard tests/*/*.h)

# mpirun as root (containers) needs saying so; BLAS threads would fight with ranks.
export OMPI_ALLOW_RUN_AS_ROOT := 1
export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM := 1
export OPENBLAS_NUM_THREADS := 1
CORES = $(shell lscpu -p=core,socket | grep -v '^\#' | sort -u | wc -l)
RANKS ?= $(shell n=$$(nproc); c=$(CORES); echo $$(( c > 0 && c < n ? c : n )))
FIG4 ?= fig4

# Where nobody said -j: as many compilers as cores.
PARALLEL = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

.PHONY: build
build: ## build build/cellsweep; installs nothing
	@./packages.sh -n packages.txt build
	@[ "$(WEB)" = none ] || ./packages.sh -n -o packages.txt page
	@./packages.sh -n -o packages.txt man
	@$(MAKE) --no-print-directory $(PARALLEL) $(BUILD)/cellsweep $(if $(shell command -v help2man),man)

$(BUILD)/cellsweep: $(BUILD)/orchestrator/main.o $(BUILD)/libcellsweep.a
	@echo "  LD $@"
	@$(CC) $(EXTRA) -o $@ $^ $(LIBS)

$(BUILD)/libcellsweep.a: $(LIBOBJ)
	@rm -f $@
	@ar rcs $@ $^

# Help texts, the published curves and the page are embedded in the program.
$(BUILD)/results/paper/published.o: experiments/published_curves.csv
$(BUILD)/results/serve/serve_page.o: results/web/openapi.yaml
$(BUILD)/results/page/page.o: $(WEB_DIR)/page.html
$(patsubst %.c,$(BUILD)/%.o,orchestrator/main.c $(wildcard orchestrator/commands/*.c)): $(wildcard orchestrator/help/*.txt)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) $(CFLAGS) $(ISA_$(lastword $(subst _, ,$(basename $(notdir $<))))) -MMD -MP -c -o $@ $<

-include $(OBJ:.o=.d)

# ---- generated ----
ONNX_PROTO ?= /usr/include/onnx/onnx.proto
$(ONNX).c $(ONNX).h &: $(ONNX_PROTO)
	@mkdir -p $(@D)
	@echo "  PROTOC $<"
	@protoc-c -I$(dir $<) --c_out=$(@D) $<

$(EVENT).c $(EVENT).h &: results/tables/event.proto
	@mkdir -p $(@D)
	@echo "  PROTOC $<"
	@protoc-c -I$(dir $<) --c_out=$(@D) $<

$(BUILD)/results/tables/tensorboard.o $(BUILD)/tests/results/test_tensorboard.o: $(EVENT).h

$(ONNX).o $(EVENT).o: %.o: %.c
	@echo "  CC $<"
	@$(CC) -std=c11 $(OPT) -g -w $(EXTRA) -I$(@D) $(SYSTEM) -c -o $@ $<

$(filter $(BUILD)/results/predict/onnx_%.o $(BUILD)/worker/models/onnx/%.o,$(OBJ)) $(patsubst %,$(BUILD)/%.o,$(filter tests/results/test_onnx% tests/worker/test_onnx%,$(UNITS:%=tests/%))): $(ONNX).h

# ---- the interactive page ----
# Built by npm, once for all build folders; without npm or its registry it stays empty and report.html is left out (results/web/build.sh).
# An empty page is tried again when npm has come since, and when WEB=strict asks for it.
WEB ?= auto
ifneq ($(filter web,$(MAKECMDGOALS)),)
WEB_AGAIN := yes
endif
$(WEB_DIR)/page.html: $(WEB_SRC) results/web/build.sh $(if $(WEB_AGAIN),FORCE)
	@WEB=$(WEB) results/web/build.sh $(WEB_DIR)

.PHONY: web
web: $(WEB_DIR)/page.html ## build the interactive page again (report.html, serve)

# ---- version ----
.PHONY: FORCE
$(BUILD)/version.h: FORCE
	@mkdir -p $(@D)
	@{ echo '#define CELLSWEEP_VERSION "$(VERSION)"'; \
	   echo "#define CELLSWEEP_COMMIT \"$${COMMIT:-$$(git describe --always --dirty --exclude='*' 2>/dev/null || echo unknown)}\""; } >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
$(BUILD)/orchestrator/command.o $(BUILD)/orchestrator/commands/cmd_doctor.o $(BUILD)/results/store/store_create.o \
  $(BUILD)/orchestrator/run/run_root.o $(BUILD)/orchestrator/run/checkpoint_folder.o $(BUILD)/results/predict/onnx_model.o \
  $(BUILD)/tests/results/test_store.o: $(BUILD)/version.h

# ---- set-up ----
.PHONY: deps test-deps lint-deps
deps: ## install what building and running needs and is missing (Debian; sudo when not root)
	@./packages.sh packages.txt build
	@[ "$(WEB)" = none ] || ./packages.sh -o packages.txt page
	@./packages.sh -o packages.txt man

test-deps: deps
	@./packages.sh packages.txt tests

lint-deps: test-deps
	@./packages.sh packages.txt lint

include packaging/install.mk

# ---- figure 4 ----
.PHONY: fig4
fig4: deps build ## set up, build, reproduce figure 4 on the built-in data: mpirun on every core, then figures and tables in fig4/
	@mkdir -p $(FIG4)
	mpirun --oversubscribe -n $(RANKS) $(BUILD)/cellsweep run experiments/fig4.yaml -o $(FIG4)/fig4.h5
	$(BUILD)/cellsweep report $(FIG4)/fig4.h5 -o $(FIG4)

GALLERY_DATA = $(if $(DATA),$(DATA),$(error say where the labelled images are: make gallery DATA=folder, with jurkat, wbc and pneumonia in it))
.PHONY: gallery
gallery: build ## what it finds on real cells, as pictures with their numbers in experiments/gallery/: DATA=folder with jurkat, wbc and pneumonia
	RANKS=$(RANKS) BUILD=$(BUILD) experiments/gallery.sh "$(GALLERY_DATA)"

# ---- tests ----
.PHONY: test units asan tests-only
test: test-deps build ## set up, build, run every test
	@$(MAKE) --no-print-directory $(PARALLEL) tests-only

units: $(UNITS:%=$(BUILD)/tests/%) $(MPI_TESTS:%=$(BUILD)/tests/%) $(LOADS:%=$(BUILD)/tests/%) \
  $(FUZZ:%=$(BUILD)/tests/fuzz/replay_%) $(BUILD)/tests/fuzz/seeds $(BUILD)/tests/support/preload.so $(BUILD)/tests/support/collectives.so $(BUILD)/tests/support/slow_start.so $(BUILD)/tests/support/make_bundle $(BUILD)/tests/support/make_cells

tests-only: $(BUILD)/cellsweep units
	@BUILD=$(BUILD) tests/all.sh $(UNITS:%=$(BUILD)/tests/%) $(SCRIPTS)

# Tests themselves need not be fast, but are many to compile.
$(BUILD)/tests/%.o: OPT := -O1 -ffp-contract=off

# Only what a test needs of it is linked: fuzz targets have no cmocka.
$(BUILD)/tests/libsupport.a: $(SUPPORT:%.c=$(BUILD)/%.o)
	@rm -f $@
	@ar rcs $@ $^

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(BUILD)/tests/libsupport.a $(BUILD)/libcellsweep.a
	@$(CC) $(EXTRA) $(FAULTS) -o $@ $^ $(LIBS) -lcmocka

# tests/program/run_bad_luck.sh, tests/all.sh: libraries that are loaded into the program.
$(BUILD)/tests/%.so: tests/%.c
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) -fPIC -shared -o $@ $<

# tests/support/faults.h: memory and files that fail.
$(BUILD)/tests/results/test_faults $(BUILD)/tests/worker/test_scarce $(BUILD)/tests/worker/test_onnx_ops: $(BUILD)/tests/support/faults.o
$(BUILD)/tests/results/test_faults $(BUILD)/tests/worker/test_scarce $(BUILD)/tests/worker/test_onnx_ops: FAULTS = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup

# Line tables are all that a trace needs; gcc spends half its time on the kernels tracking variables otherwise.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g1
asan: test-deps ## the same tests under AddressSanitizer and UBSan; leaks are looked for in the serial ones
	@$(MAKE) --no-print-directory $(PARALLEL) BUILD=$(BUILD)/asan OPT="-O1 -ffp-contract=off" EXTRA="$(SANITIZE)" tests-only

.PHONY: frozen
frozen: test-deps build ## what sweeps compute and write, bit by bit as it was recorded (tests/frozen.sh; for moves of code)
	@BUILD=$(BUILD) tests/frozen.sh

.PHONY: serve-load
serve-load: test-deps ## a minute of 64 good, broken and hostile clients against `serve`, built with AddressSanitizer
	@$(MAKE) --no-print-directory $(PARALLEL) BUILD=$(BUILD)/asan OPT="-O1 -ffp-contract=off" EXTRA="$(SANITIZE)" \
	  $(BUILD)/asan/cellsweep $(BUILD)/asan/tests/results/load_serve
	LONG=1 BUILD=$(BUILD)/asan tests/program/run_serve.sh

.PHONY: test-long
LONG := $(sort $(wildcard tests/program/long_*.sh)) tests/program/chaos.sh
test-long: test-deps build ## what takes long: a real Slurm and scikit-learn (installed for this only), tables recomputed, flipped bits, CHAOS_ROUNDS (200) of kills
	@./packages.sh -p slurm-wlm munge python3-sklearn python3-scipy python3-h5py python3-yaml
	@$(MAKE) --no-print-directory units
	@BUILD=$(BUILD) tests/all.sh $(sort $(wildcard tests/program/long_*.sh)); long=$$?; BUILD=$(BUILD) tests/program/chaos.sh && exit $$long

# ---- fuzzing ----
.PHONY: fuzz fuzz-seeds fuzz-build
FUZZ_SECONDS ?= 60
FUZZ_CORPUS ?= $(BUILD)/fuzz-corpus
FUZZER := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
fuzz: lint-deps ## every reader of foreign bytes under libFuzzer, FUZZ_SECONDS (60) each
	@$(MAKE) --no-print-directory fuzz-build
	@BUILD=$(BUILD)/fuzz CORPUS=$(FUZZ_CORPUS) tests/fuzz.sh $(FUZZ_SECONDS) $(FUZZ)

fuzz-build:
	@$(MAKE) --no-print-directory $(PARALLEL) BUILD=$(BUILD)/fuzz CC=clang OPT="-O1 -ffp-contract=off" EXTRA="$(FUZZER)" \
	  $(FUZZ:%=$(BUILD)/fuzz/tests/fuzz/fuzz_%) $(BUILD)/fuzz/tests/fuzz/seeds

fuzz-seeds: $(BUILD)/tests/fuzz/seeds ## valid inputs of every fuzz target, made by the program's own writers
	@mkdir -p $(BUILD)/fuzz-seeds
	@$(BUILD)/tests/fuzz/seeds $(BUILD)/fuzz-seeds

FUZZ_SHARED := $(BUILD)/tests/fuzz/fuzz.o $(BUILD)/tests/fuzz/edits.o $(BUILD)/tests/libsupport.a $(BUILD)/libcellsweep.a
$(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(FUZZ_SHARED)
	@$(CC) $(EXTRA) -fsanitize=fuzzer -o $@ $^ $(LIBS)

$(BUILD)/tests/fuzz/replay_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/replay.o $(FUZZ_SHARED)
	@$(CC) $(EXTRA) -o $@ $^ $(LIBS)

$(BUILD)/tests/fuzz/seeds: $(BUILD)/tests/fuzz/seeds.o $(BUILD)/tests/libsupport.a $(BUILD)/libcellsweep.a
	@$(CC) $(EXTRA) -o $@ $^ $(LIBS)

# ---- style ----
.PHONY: lint format format-check
# In a clean checkout LINT_GCC=$(BUILD) has what gcc compiles for lint linked and tested afterwards.
LINT_GCC ?= $(BUILD)/lint-gcc
# How far the analyzer looks into a function before it gives up: its own 225000 takes three times as long (`make lint TIDY_NODES=225000`).
TIDY_NODES ?= 50000
lint: lint-deps ## the plan of the house holds, gcc and clang without a warning, clang-tidy, cppcheck
	@tests/house.sh
	@$(MAKE) --no-print-directory $(BUILD)/version.h $(ONNX).h $(EVENT).h
	@$(MAKE) --no-print-directory $(PARALLEL) BUILD=$(LINT_GCC) EXTRA=-Werror $(SOURCES:%.c=$(LINT_GCC)/%.o)
	@$(MAKE) --no-print-directory $(PARALLEL) BUILD=$(BUILD)/lint-clang CC=clang OPT=-O0 EXTRA=-Werror $(SOURCES:%.c=$(BUILD)/lint-clang/%.o)
	@echo '  clang-tidy'
	@printf '%s\n' $(SRC) | xargs -P $$(nproc) -n 1 sh -c 'clang-tidy --quiet "$$@" -- $(CFLAGS) $(ISA_avx512) -Xclang -analyzer-config -Xclang max-nodes=$(TIDY_NODES) 2>/dev/null' --
	@echo '  cppcheck'
	@cppcheck --quiet -j 2 --std=c11 --error-exitcode=1 --inline-suppr --enable=warning,performance,portability \
	  --suppress=missingIncludeSystem $(filter -I%,$(CFLAGS)) common orchestrator results worker

.PHONY: plan-of-house
plan-of-house: ## the floors and rooms of the source, drawn from its includes
	@tests/house.sh plan

format: ## rewrite the sources with clang-format
	clang-format -i $(SOURCES) $(HEADERS)

format-check: lint-deps ## fail when clang-format would change something
	@clang-format --dry-run --Werror $(SOURCES) $(HEADERS)

# ---- measurements ----
.PHONY: bench bench-peer
bench: build ## speed of the training engine
	$(BUILD)/cellsweep bench

bench-peer: build ## the same beside PyTorch, gray and in colour, and of larger networks (Debian's python3-torch, installed for this only)
	@./packages.sh -p python3-torch
	/usr/bin/python3 tests/program/bench_peer.py
	/usr/bin/python3 tests/program/bench_peer.py --channels 3
	/usr/bin/python3 tests/program/bench_peer.py --model vgg-small
	/usr/bin/python3 tests/program/bench_peer.py --model resnet-8

.PHONY: bench-page
bench-page: build ## the page of 150, 1500 and 15 000 jobs: size, time to the first plot, time from an event to its frame
	@BUILD=$(BUILD) tests/program/bench_page.sh

.PHONY: bench-scale
bench-scale: build units ## how many ranks rank 0 carries: played, counted by callgrind, real ones on this machine, a model
	@BUILD=$(BUILD) tests/scale.sh

.PHONY: bench-order
bench-order: build units ## what seed by seed costs against the longest first: figure 4 in both orders in turn, and played on up to 512 ranks
	@BUILD=$(BUILD) tests/makespan.sh

.PHONY: growth
growth: build units ## how the cost of each step grows with jobs, kinds of jobs, ranks and cells of the grid
	@BUILD=$(BUILD) tests/growth.sh

.PHONY: clean help
clean: ## remove the build folder
	rm -rf $(BUILD)

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Objects of tests are kept: make would remove them as intermediate files.
.SECONDARY: $(UNITS:%=$(BUILD)/tests/%.o) $(MPI_TESTS:%=$(BUILD)/tests/%.o) $(LOADS:%=$(BUILD)/tests/%.o) \
  $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/fuzz/*.c tests/support/*.c))

-include $(patsubst %,$(BUILD)/tests/%.d,$(UNITS) $(MPI_TESTS) $(LOADS)) $(patsubst %.c,$(BUILD)/%.d,$(wildcard tests/fuzz/*.c tests/support/*.c))
