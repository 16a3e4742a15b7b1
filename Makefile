# Twin. `make help` lists the targets.
#
# One library a folder of src/, one program a file of tests/ and bench/. Each
# program is linked with the folders that it may use and with nothing else, so
# code that is broken elsewhere never stops `make test T=store`.
#
#	MODE=release|asan|tsan|fuzz   what to build (default: release)
#	BUILD=folder             where (default: build)
#	T=word                   only test programs whose path contains the word
#	WERROR=1 or CI=true      warnings are errors
#	MPI=1                    training on several machines (Open MPI)
#	NVCC=program             CUDA's compiler; empty: nothing for GPUs (default: nvcc, if it is there and works)

MODE ?= release
BUILD ?= build
PREFIX ?= /usr/local
O := $(BUILD)/$(MODE)
TWIN := $(O)/twin$(if $(MPI),-mpi)

# ---- What each folder needs --------------------------------------------------

FOLDERS := base core net store llm collect feature training trainer inference serve app

# pkg-config names; LIBS_x for what has no .pc file; LLAMA is filled by tools/deps.sh.
PKGS_base := jansson yaml-0.1 libcurl libcrypto icu-uc icu-i18n libseccomp
LIBS_base := -lm -lpthread
PKGS_store := sqlite3
PKGS_collect := libxml-2.0 libgit2 libarchive
PKGS_serve := libmicrohttpd
LIBS_llm = $(LLAMA_LIBS)
LIBS_net = $(LLAMA_LIBS) -ldl
CPPFLAGS_llm = $(LLAMA_CFLAGS)
CPPFLAGS_net = $(LLAMA_CFLAGS)
CPPFLAGS_trainer = $(LLAMA_CFLAGS)
FAST := -O3 -fno-math-errno -fno-trapping-math
CFLAGS_net := $(FAST)
CFLAGS_trainer := $(FAST)

# Which libraries a test of the folder is linked with (see docs/architecture.md).
SIBLINGS := store llm collect feature training trainer inference
USES_base := base
USES_core := core base
USES_net := net core base
$(foreach f,$(SIBLINGS),$(eval USES_$(f) := $(f) core base))
USES_trainer := trainer net core base
# Tests of what serves, and of what computes, run on the real store.
USES_feature := feature store core base
USES_inference := inference store core base
USES_serve := serve inference store core base
USES_app := app serve $(SIBLINGS) net core base

# Files named for an instruction set are compiled for it, and called only after a check at run time.
ISA_avx2 := -mavx2 -mfma -mf16c -ffp-contract=fast
ISA_avx512 := $(ISA_avx2) -mavx512f -mavx512bw -mavx512vl -mavx512dq -mprefer-vector-width=512
# Not every compiler has these: the file is then empty.
ISA_avxvnni = $(ISA_avx2) $(shell $(CC) -mavxvnni -E -x c /dev/null >/dev/null 2>&1 && echo -mavxvnni)
ISA_vnni := $(ISA_avx512) -mavx512vnni
isa = $(if $(filter x86_64,$(MACHINE)),$(foreach i,avx2 avxvnni avx512 vnni,$(if $(filter %_$(i).c,$(1)),$(ISA_$(i)))))
MACHINE := $(shell uname -m)

# ---- Flags -------------------------------------------------------------------

ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(origin CXX),default)
CXX := g++
endif
# NVCC= on the command line builds without CUDA where it is there. sudo's PATH often lacks it.
ifeq ($(origin NVCC),undefined)
NVCC := $(or $(shell command -v nvcc),$(wildcard /usr/local/cuda/bin/nvcc))
endif
CPPFLAGS := -D_GNU_SOURCE -Isrc
CFLAGS := -std=c11 -g -fPIE
WARN := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion
ifneq ($(filter true 1,$(CI) $(WERROR)),)
WARN += -Werror
endif
HARDEN := -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection
ifeq ($(MACHINE),x86_64)
HARDEN += -fcf-protection=full
endif
LDFLAGS := -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed

ifeq ($(MODE),release)
CFLAGS += -O2 $(HARDEN)
else ifeq ($(MODE),asan)
CFLAGS += -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
LDFLAGS += -fsanitize=address,undefined
else ifeq ($(MODE),tsan)
CFLAGS += -O1 -fno-omit-frame-pointer -fsanitize=thread
LDFLAGS += -fsanitize=thread
else ifeq ($(MODE),fuzz)
CC := clang
CFLAGS += -O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
LDFLAGS += -fsanitize=address,undefined
else
$(error MODE is release, asan, tsan or fuzz, not "$(MODE)")
endif

# pkg-config runs when a recipe first asks, for then the packages are surely installed.
once = $(eval $(1) := $(2))$($(1))
pkg_cflags = $(if $(PKGS_$(1)),$(call once,PKG_CFLAGS_$(1),$$(shell pkg-config --cflags $$(PKGS_$(1)))))
pkg_libs = $(if $(PKGS_$(1)),$(call once,PKG_LIBS_$(1),$$(shell pkg-config --libs $$(PKGS_$(1)))))
libs_of = $(foreach f,$(1),$(call pkg_libs,$(f)) $(LIBS_$(f)))
archives_of = $(foreach f,$(1),$(O)/lib$(f).a)
link = $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) \
	-Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(call libs_of,$(1))

V ?= 0
say = $(if $(filter 0,$(V)),@printf '  %-5s %s\n' $(1) $(2);)

# ---- Libraries and the program -----------------------------------------------

.PHONY: all
all: $(TWIN)

srcs_of = $(filter-out src/app/main.c,$(wildcard src/$(1)/*.c src/$(1)/*/*.c))
objs_of = $(patsubst %.c,$(O)/obj/%.o,$(filter-out $(COMM_MPI),$(call srcs_of,$(1))))
# In place of comm_self.c, which its library has: what comes first is linked.
COMM_MPI := src/trainer/comm_mpi.c
OBJ_MPI := $(COMM_MPI:%.c=$(O)/obj/%.o)

# Files in folders below (pages, SQL) are embedded by the code beside them.
embedded = $(filter-out %.c %.h %.cu %.cuh,$(wildcard src/$(1)/*/*))

define folder_rules
$(O)/obj/src/$(1)/%.o: src/$(1)/%.c Makefile $(call embedded,$(1))
	@mkdir -p $$(@D)
	$$(call say,CC,$$<)$$(CC) $$(CPPFLAGS) $$(CPPFLAGS_$(1)) $$(call pkg_cflags,$(1)) \
		$$(CFLAGS) $$(CFLAGS_$(1)) $$(call isa,$$<) $$(WARN) -MMD -MP -c -o $$@ $$<
$(O)/lib$(1).a: $(call objs_of,$(1)) | $(O)
	$$(call say,AR,$$@)rm -f $$@ && ar rcsD $$@ $$(filter %.o,$$^)
.PHONY: lib-$(1)
lib-$(1): $(O)/lib$(1).a
endef
$(foreach f,$(FOLDERS),$(eval $(call folder_rules,$(f))))

# The page's files are read by the assembler (.incbin), which -MMD does not see.
$(O)/obj/src/serve/web_assets.o: $(wildcard src/serve/web/*)

# $ORIGIN first: an installed twin finds the libraries that were installed with it, one that was built those beside it.
$(O)/twin $(O)/twin-mpi: $(O)/obj/src/app/main.o $(call archives_of,$(USES_app))
	$(call say,LD,$@)$(call link,$(USES_app)) $(LIBS_MPI) '-Wl,-rpath,$$ORIGIN:$$ORIGIN/../lib/twin' $(LLAMA_RPATH)

# What trains on an NVIDIA GPU, where nvcc is to compile it; twin opens it when it is asked to. Machine code for two kinds of
# GPU that such trainings have, and for all others since 2018 what their driver makes it of.
CUDA_SRCS := $(wildcard src/net/cuda/*.cu)
CUDA_FLAGS := -std=c++17 -O2 -Xcompiler -fPIC,-fvisibility=hidden,-Wall,-Wextra \
	$(if $(filter -Werror,$(WARN)),-Werror all-warnings) \
	-gencode arch=compute_75,code=compute_75 $(foreach a,80 90,-gencode arch=compute_$(a),code=sm_$(a))
CUDA_HOME_LIB = $(patsubst %/bin/,%/lib64,$(dir $(realpath $(shell command -v $(lastword $(NVCC))))))
CUDA_HINT = || { echo "make NVCC= builds twin without CUDA" >&2; exit 1; }

# An nvcc that nobody named may be too old, or lack cuBLAS, or not take this gcc. It is tried where its library would be
# built, with what that takes; what worked is not tried again, what didn't is, for it may have been mended.
CUDA_TRY = $(NVCC) $(CUDA_FLAGS) -shared -x cu -include cublas_v2.h /dev/null -lcublas
CUDA_TRIED = $(realpath $(NVCC)): $(CUDA_TRY)
cuda_works = $(shell f=$(O)/cuda-try; test "$$(cat $$f.ok 2>/dev/null)" = "$(CUDA_TRIED)" || { \
	mkdir -p $(O) && rm -f $$f.* && $(CUDA_TRY) -o $$f.so && rm $$f.so && echo "$(CUDA_TRIED)" >$$f.ok; \
	} >/dev/null 2>&1 && echo yes)
CUDA_GOALS := $(filter all install test-programs $(O)/tests/%,$(or $(MAKECMDGOALS),all))
ifneq ($(and $(filter file,$(origin NVCC)),$(NVCC),$(filter release,$(MODE)),$(CUDA_GOALS)),)
ifeq ($(cuda_works),)
$(if $(MAKE_RESTARTS),,$(info CUDA is left out, $(NVCC) does not work: make NVCC=$(NVCC) says why))
NVCC :=
endif
endif

CUDA_LIB := $(if $(NVCC),$(if $(filter release,$(MODE)),$(O)/libtwin_cuda.so))
$(O)/obj/src/net/cuda/%.cu.o: src/net/cuda/%.cu Makefile
	@mkdir -p $(@D)
	$(call say,NVCC,$<)$(NVCC) $(CPPFLAGS) $(CUDA_FLAGS) -MMD -MP -c -o $@ $< $(CUDA_HINT)
$(O)/libtwin_cuda.so: $(patsubst %,$(O)/obj/%.o,$(CUDA_SRCS))
	$(call say,LD,$@)$(NVCC) $(CUDA_FLAGS) -shared $(addprefix -Xlinker -rpath=,$(CUDA_HOME_LIB)) -o $@ $^ -lcublas $(CUDA_HINT)

# One that was built before, and isn't now, would still be opened. But where root finds no nvcc that works, it is installed.
CUDA_BUILT := $(wildcard $(O)/libtwin_cuda.so)
CUDA_KEPT := $(if $(filter file,$(origin NVCC)),$(if $(filter install,$(MAKECMDGOALS)),$(CUDA_BUILT)))
CUDA_WANTED := $(or $(CUDA_LIB),$(if $(filter-out $(CUDA_KEPT),$(CUDA_BUILT)),no-cuda))
all: $(CUDA_WANTED)
.PHONY: no-cuda
no-cuda:
	rm -f $(CUDA_BUILT)

# The same program with MPI. One file differs.
$(O)/twin-mpi: $(OBJ_MPI)
$(O)/twin-mpi: LIBS_MPI = $(shell pkg-config --libs ompi-c)
$(OBJ_MPI): CPPFLAGS += $(shell pkg-config --cflags ompi-c)
$(OBJ_MPI): | need-mpi
.PHONY: need-mpi
need-mpi:
	@tools/deps.sh mpi

$(O):
	@mkdir -p $@

# ---- Tests and benchmarks ----------------------------------------------------

TEST_SRCS := $(wildcard tests/unit/*/test_*.c tests/contract/test_*.c tests/crash/*.c)
BENCH_SRCS := $(wildcard bench/*.c)
TOOL_SRCS := $(wildcard tests/tools/*.c)
# Contract and crash tests of the stores need no more than the stores.
STORE_TESTS := $(addprefix tests/contract/test_,document_store.c feature_store.c model_registry.c blob_store.c \
	dataset_store.c forget.c predictions.c search.c) $(wildcard tests/crash/test_store*.c)
folder_of = $(if $(filter tests/unit/%,$(1)),$(word 3,$(subst /, ,$(1))),$(if $(filter $(STORE_TESTS),$(1)),store,app))
program_of = $(patsubst %.c,$(O)/%,$(1))
# Other .c files beside the tests of a folder are helpers of all of them; what
# lies in tests/support/ goes to the tests that include it, or whose helpers do.
helpers_of = $(filter-out $(TEST_SRCS) $(BENCH_SRCS) $(TOOL_SRCS),$(wildcard $(dir $(1))*.c))
SUPPORTED := $(shell grep -l 'include "support/' $(TEST_SRCS) $(BENCH_SRCS) $(TOOL_SRCS) tests/unit/*/*_test.h /dev/null 2>/dev/null)
support_of = $(if $(filter $(1) $(wildcard $(dir $(1))*_test.h),$(SUPPORTED)),$(O)/libsupport.a)
$(O)/libsupport.a: $(patsubst %.c,$(O)/obj/%.o,$(wildcard tests/support/*.c)) | $(O)
	$(call say,AR,$@)rm -f $@ && ar rcsD $@ $(filter %.o,$^)

$(O)/obj/tests/%.o: tests/%.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) -Itests $(LLAMA_CFLAGS) $(foreach f,$(FOLDERS),$(call pkg_cflags,$(f))) \
		$(CFLAGS) $(WARN) -Wno-conversion -MMD -MP -c -o $@ $<
$(O)/obj/bench/%.o: bench/%.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) -Ibench -Itests $(LLAMA_CFLAGS) $(foreach f,$(FOLDERS),$(call pkg_cflags,$(f))) \
		$(CFLAGS) $(WARN) -Wno-conversion -MMD -MP -c -o $@ $<

define program_rules
$(call program_of,$(1)): $(patsubst %.c,$(O)/obj/%.o,$(1) $(call helpers_of,$(1))) $(call support_of,$(1)) $(call archives_of,$(2))
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)$$(call link,$(2)) -lcmocka $$(LLAMA_RPATH)
endef
$(foreach t,$(TEST_SRCS),$(eval $(call program_rules,$(t),$(USES_$(call folder_of,$(t))))))
$(foreach b,$(BENCH_SRCS),$(eval $(call program_rules,$(b),$(USES_app))))
# What tests in Python call beside the program itself.
$(foreach t,$(TOOL_SRCS),$(eval $(call program_rules,$(t),$(USES_llm))))

# What is opened in place of $(CUDA_LIB) where a test has LD_LIBRARY_PATH point here: the same kernels, on the CPU. Its
# threads jump from stack to stack, which sanitizers and fortified functions take for an attack. Kernels are trapped where
# they do what C++ leaves undefined, such as writing a number where a GPU can't.
STANDIN := $(O)/tests/standin/libtwin_cuda.so
STANDIN_OBJS := $(patsubst %,$(O)/obj/standin/%.o,$(notdir $(CUDA_SRCS) $(wildcard tests/standin/*.c)))
STANDIN_FLAGS := -Itests/standin -O2 -g -fPIC $(filter-out -Wconversion -Wno-sign-conversion,$(WARN))
$(O)/obj/standin/%.cu.o: src/net/cuda/%.cu Makefile
	@mkdir -p $(@D)
	$(call say,CXX,$<)$(CXX) -std=c++17 $(CPPFLAGS) $(STANDIN_FLAGS) \
		-fsanitize=undefined -fsanitize-undefined-trap-on-error -MMD -MP -x c++ -c -o $@ $<
$(O)/obj/standin/%.c.o: tests/standin/%.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) -std=c11 $(CPPFLAGS) $(STANDIN_FLAGS) -MMD -MP -c -o $@ $<
$(STANDIN): $(STANDIN_OBJS)
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CXX) -shared -o $@ $^
$(O)/tests/unit/net/test_device_cuda: | $(STANDIN) $(CUDA_WANTED)

# tests/fuzz/fuzz_base_json.c is linked with what tests of base are linked with.
FUZZ_SRCS := $(wildcard tests/fuzz/fuzz_*.c)
fuzz_folder = $(word 2,$(subst _, ,$(notdir $(1))))
define fuzz_rules
$(call program_of,$(1)): $(patsubst %.c,$(O)/obj/%.o,$(1)) $(call archives_of,$(USES_$(2)))
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)$$(call link,$(USES_$(2))) -fsanitize=fuzzer $$(LLAMA_RPATH)
endef
$(foreach f,$(FUZZ_SRCS),$(eval $(call fuzz_rules,$(f),$(call fuzz_folder,$(f)))))

contains = $(foreach p,$(2),$(if $(findstring $(1),$(p)),$(p)))
PY_TESTS := $(sort $(wildcard tests/*/test_*.py))
CHOSEN_C := $(if $(T),$(call contains,$(T),$(TEST_SRCS)),$(TEST_SRCS))
CHOSEN_PY := $(if $(T),$(call contains,$(T),$(PY_TESTS)),$(PY_TESTS))
PROGRAMS := $(call program_of,$(CHOSEN_C))
# Programs that start the twin binary need it, the others must not wait for it.
NEEDS_TWIN := $(if $(filter-out tests/layers/%,$(CHOSEN_PY))$(filter-out tests/unit/% $(STORE_TESTS),$(CHOSEN_C)),$(TWIN) $(call program_of,$(TOOL_SRCS)) $(STANDIN))
NEEDS_MPI := $(if $(filter %/test_mpi.py,$(CHOSEN_PY)),$(O)/twin-mpi)

.PHONY: test test-c test-programs asan tsan
test-programs: $(PROGRAMS) $(NEEDS_TWIN) $(NEEDS_MPI)
	@:

run_tests := MODE=$(MODE) BUILD=$(BUILD) TWIN_BIN=$(TWIN) tools/run_tests.sh
# A test program that does not build counts as failed, the others run; without twin nothing does.
test:
	+@$(MAKE) -k --no-print-directory test-programs || true
	+@$(if $(NEEDS_TWIN),$(MAKE) --no-print-directory $(TWIN) && tools/deps.sh models $(TWIN))
	@$(if $(filter tests/web/%,$(CHOSEN_PY)),tools/deps.sh test)
	@$(if $(filter %/test_files_office.py,$(CHOSEN_PY)),tools/deps.sh pdf || true)
	+@$(run_tests) $(if $(T),,tools/check_layers) $(PROGRAMS) $(CHOSEN_PY)
test-c:
	+@$(MAKE) -k --no-print-directory test-programs || true
	+@$(run_tests) $(PROGRAMS)
asan tsan:
	+@$(MAKE) --no-print-directory MODE=$@ test-c

# FUZZ_S seconds each; what was found before lies in tests/fuzz/corpus/NAME and is tried first.
FUZZ_S ?= 20
FUZZERS = $(call program_of,$(if $(T),$(call contains,$(T),$(FUZZ_SRCS)),$(FUZZ_SRCS)))
.PHONY: fuzz fuzz-programs analyze
fuzz:
	+@$(MAKE) --no-print-directory MODE=fuzz fuzz-programs
fuzz-programs: $(FUZZERS)
	@for f in $(FUZZERS); do \
		n=$${f##*/}; mkdir -p $(O)/corpus/$$n; echo "  FUZZ  $$n, $(FUZZ_S) s"; \
		$$f -max_total_time=$(FUZZ_S) -max_len=65536 -artifact_prefix=$(O)/$$n- $(O)/corpus/$$n \
			$$(ls -d tests/fuzz/corpus/$$n 2>/dev/null) 2>$(O)/$$n.log || \
			{ tail -n 40 $(O)/$$n.log; exit 1; }; \
	done

# clang's static analyzer over src/; prints findings, keeps nothing.
analyze:
	@tools/deps.sh build $(BUILD)/deps.mk && tools/deps.sh mpi
	@bad=0; for c in $(foreach f,$(FOLDERS),$(call srcs_of,$(f))); do \
		clang --analyze -Xclang -analyzer-werror -Xclang -analyzer-output=text $(CPPFLAGS) -std=c11 \
			$$(sed -n 's/^LLAMA_CFLAGS := //p' $(BUILD)/deps.mk) \
			$$(pkg-config --cflags $(foreach f,$(FOLDERS),$(PKGS_$(f))) ompi-c) $$c -o /dev/null || bad=1; \
	done; exit $$bad

.PHONY: bench
bench:
	+@test -n "$(B)" || { echo "make bench B=name; there are: $(sort $(basename $(notdir $(wildcard bench/*.c bench/*.py))))"; exit 2; }
	+@$(MAKE) --no-print-directory $(TWIN) $(call program_of,$(wildcard bench/$(B).c bench/$(B)_*.c) $(TOOL_SRCS))
	@TWIN_BIN=$(TWIN) $(if $(wildcard bench/$(B).c),$(O)/bench/$(B),python3 bench/$(B).py) $(ARGS)

# ---- Checks, installation ----------------------------------------------------

C_FILES = $(wildcard src/*/*.[ch] src/*/*/*.[ch] tests/*.[ch] tests/*/*.[ch] tests/*/*/*.[ch] bench/*.[ch])

.PHONY: format check models demo install clean help
format:
	clang-format -i $(C_FILES)

check:
	@bad=0; clang-format --dry-run -Werror $(C_FILES) || bad=1; tools/check_layers || bad=1; exit $$bad

models: $(TWIN)
	@tools/deps.sh models $(TWIN)

demo: $(TWIN)
	@tools/deps.sh models $(TWIN)
	@tools/demo.sh $(TWIN)

install: $(TWIN) $(CUDA_LIB)
	install -D -m 755 $(TWIN) $(DESTDIR)$(PREFIX)/bin/twin
	for l in $(LLAMA_SHARED) $(or $(CUDA_LIB),$(CUDA_KEPT)); do install -D -m 644 "$$l" "$(DESTDIR)$(PREFIX)/lib/twin/$${l##*/}"; done
	for m in $(wildcard docs/man/*.1); do install -D -m 644 "$$m" "$(DESTDIR)$(PREFIX)/share/man/man1/$${m##*/}"; done

clean:
	rm -rf $(BUILD)/release $(BUILD)/asan $(BUILD)/tsan $(BUILD)/fuzz

help:
	@echo 'make                 build $(TWIN), fetching first what is missing'
	@echo 'make demo            the whole job on the sample corpus, from start to answer'
	@echo 'make test            all tests; T=word: only those whose path contains the word'
	@echo 'make asan | tsan     build and run the C tests with sanitizers (T=word works too)'
	@echo 'make fuzz            every parser for FUZZ_S=$(FUZZ_S) seconds (clang; T=word works too)'
	@echo 'make analyze         clang static analyzer'
	@echo 'make bench B=name    one benchmark; the last line holds its figures'
	@echo 'make check           formatting, include table, lengths'
	@echo 'make format          clang-format on every C file'
	@echo 'make lib-x           one library of src/x alone: $(FOLDERS)'
	@echo 'make models          the default models, into the cache folder'
	@echo 'make install         PREFIX=$(PREFIX) DESTDIR='
	@echo 'make clean'
	@echo 'Options: MODE=release|asan|tsan|fuzz  BUILD=folder  WERROR=1  V=1 (show commands)  MPI=1  NVCC= (no CUDA)'

# ---- What is missing is fetched first ----------------------------------------

# tools/deps.sh writes deps.mk (LLAMA_*) and changes it only when something
# changed; make then reads it again. Goals without llm, net or trainer in them do
# not wait for libllama.
GOALS := $(if $(MAKECMDGOALS),$(MAKECMDGOALS),all)
USED := $(sort $(foreach t,$(CHOSEN_C),$(USES_$(call folder_of,$(t)))) $(if $(NEEDS_TWIN),app llm))
GOALS_FULL := all $(O)/twin $(O)/twin-mpi models demo install $(O)/bench/% lib-llm lib-net lib-trainer
GOALS_PART := lib-% $(O)/%
DEPS := $(if $(filter $(GOALS_FULL),$(GOALS)),build,$(if $(filter $(GOALS_PART),$(GOALS)),system))
GOALS_FUZZ := $(filter fuzz-programs,$(GOALS))
ifneq ($(GOALS_FUZZ),)
DEPS := build
endif
ifneq ($(filter test-programs,$(GOALS)),)
DEPS := $(if $(filter llm net trainer,$(USED)),build,$(if $(DEPS),$(DEPS),system))
endif

ifneq ($(DEPS),)
include $(BUILD)/deps.mk
$(BUILD)/deps.mk: FORCE
	@tools/deps.sh $(DEPS) $@
.PHONY: FORCE
FORCE:
endif

-include $(shell test -d $(O)/obj && find $(O)/obj -name '*.d')
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
# As many jobs as cores, unless the command line says how many.
ifeq ($(MAKELEVEL)$(filter -j%,$(shell ps -o args= $$PPID 2>/dev/null)),0)
MAKEFLAGS += -j$(shell nproc)
endif
