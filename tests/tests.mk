# Tests; included by the Makefile. Each target runs on the tree that the variables name.

UNIT_SRC  := $(wildcard tests/unit/*/test_*.c)
UNIT      := $(UNIT_SRC:%.c=$(OUT)/%)
FUZZ_SRC  := $(wildcard tests/fuzz/fuzz_*.c)
FUZZERS   := $(FUZZ_SRC:%.c=$(OUT)/%)
CLI_TESTS := $(wildcard tests/cli/*.sh)
META_TESTS := $(wildcard tests/meta/*.py)
PEER_TESTS := $(wildcard tests/peers/*.sh)
CRASH_TESTS := $(wildcard tests/crash/*.sh)
FAULT_TESTS := $(wildcard tests/fault/*.sh)
INJECT    := $(OUT)/tests/fault/inject.so
# What many processes, or many threads of one, do at once.
TSAN_TESTS := $(wildcard tests/cli/0201-*.sh tests/cli/0246-*.sh tests/cli/0311-*.sh)
SUBMAKE   := $(MAKE) --no-print-directory
SHELL_FILES := $(wildcard .ci/packages tests/*/*.sh examples/*/*.sh)

.PHONY: check check-unit check-cli check-meta check-tree check-san check-crash check-fault check-peers unit
unit: $(UNIT)

$(UNIT): $(OUT)/%: %.c $(LIB) $(OUT)/flags
	$(Q)$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) -Itests/unit $(CFLAGS) $(if $(CI),-Werror) -MMD -MP -pie $(LDFLAGS) \
	  -o $@ $< $(LIB) $(LDLIBS) -lcmocka
-include $(wildcard $(UNIT:=.d))

check-unit: $(UNIT)
	@tests/run -o $(OUT) $(UNIT)
check-cli: $(BIN)
	@tests/run -o $(OUT) $(CLI_TESTS)
check-meta: all
	@tests/run -o $(OUT) $(META_TESTS)
check-tree: all $(UNIT)
	@tests/run -o $(OUT) $(UNIT) $(CLI_TESTS)
check-san:
	+@$(SUBMAKE) SAN=1 check-tree
check-tsan:
	+@$(SUBMAKE) TSAN=1 build/tsan/mlops
	@MLOPS_TEST_SECS=$(or $(SECS),60) tests/run -o build/tsan $(TSAN_TESTS)
check-crash:
	+@$(SUBMAKE) FAULTS=1 build/faults/mlops
	@tests/run -o build/faults $(CRASH_TESTS)

# The plain program, with calls that change files made to fail: here every call, in check some.
$(INJECT): tests/fault/inject.c $(OUT)/flags
	$(Q)$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) -D_GNU_SOURCE $(CFLAGS) $(if $(CI),-Werror) -shared -o $@ $< -ldl
check-fault: $(BIN) $(INJECT)
	@STEP=1000000 tests/run -o $(OUT) $(FAULT_TESTS)

# Against real programs and services, those that are here.
check-peers: $(BIN) unit
	@tests/run -o $(OUT) $(PEER_TESTS)

# One run over the three trees, so that one line sums up; the slowest first.
check: test-deps
	+@$(SUBMAKE) all unit $(INJECT)
	+@$(SUBMAKE) SAN=1 build/san/mlops unit
	+@$(SUBMAKE) FAULTS=1 build/faults/mlops
	@tests/run -o build/san $(UNIT_SRC:%.c=build/san/%) $(CLI_TESTS) -o build/faults $(CRASH_TESTS) \
	  -o build $(FAULT_TESTS) $(UNIT_SRC:%.c=build/%) $(META_TESTS) $(CLI_TESTS)

# Fuzzing: the library is compiled once more, by clang, and each target linked with it.
.PHONY: fuzz check-fuzz fuzzers
fuzzers: $(FUZZERS)
$(FUZZERS): $(OUT)/%: %.c $(LIB) $(OUT)/flags
	$(Q)$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) -Itests/fuzz $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) \
	  -o $@ $< $(LIB) $(LDLIBS)
check-fuzz:
	+@$(SUBMAKE) FUZZ=1 fuzzers
	@sh tests/fuzz/run.sh $(or $(SECS),5)
fuzz:
	+@$(SUBMAKE) check-fuzz SECS=$(or $(SECS),600)

.PHONY: coverage bench fmt lint
coverage:
	+@$(SUBMAKE) COV=1 check-tree
	@gcovr --root . --filter lib/ --filter cmd/ --print-summary --txt build/cov/coverage.txt \
	  --html-details build/cov/coverage.html build/cov
bench: $(BIN) $(LIB)
	@sh tests/bench/run.sh $(BENCH)

C_FILES = $(wildcard cmd/*.[ch] include/mlops/*.h lib/*/*.[ch] lib/*/*/*.[ch] tests/*/*.[ch] tests/*/*/*.[ch])
fmt:
	clang-format -i $(C_FILES)

# Findings end the target; what cppcheck is not asked, and why, is in tests/lint-cppcheck. Of gcc's
# analyzer the two checks are off that lose track where a condition ties two variables together.
ANALYZE := -fanalyzer -Wno-analyzer-null-dereference -Wno-analyzer-use-of-uninitialized-value -Werror
.PHONY: lint-analyzer
lint-analyzer: $(patsubst %.c,lint/%,$(LIB_SRC) $(CMD_SRC))
lint/%: %.c | $(GEN_H)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(ANALYZE) -c -o /dev/null $<
lint: $(GEN_H)
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability \
	  --inline-suppr --suppressions-list=tests/lint-cppcheck -Ilib -Iinclude -I$(OUT) $(LIB_SRC) $(CMD_SRC)
	+@$(SUBMAKE) -j$$(nproc) lint-analyzer
	shellcheck -s sh -S warning -e SC2154,SC2034,SC2164,SC2238 $(SHELL_FILES)
