# Building and installing mlops (tests: tests/tests.mk).  `make help` lists the targets.

VERSION   := 0.1.0
SOVERSION := 0
PREFIX    ?= /usr/local
BINDIR    ?= $(PREFIX)/bin
LIBDIR    ?= $(PREFIX)/lib
INCDIR    ?= $(PREFIX)/include
SHAREDIR  ?= $(PREFIX)/share
Q         := $(if $(V),,@)
say        = $(if $(V),:,printf '  %-4s %s\n' $(1) $(2))

# The one list of Debian packages: to build and run, and to test.
DEPS      := gcc libc6-dev make pkg-config git ca-certificates python3 man-db \
             libgit2-dev libcurl4-openssl-dev libyaml-dev libsqlite3-dev libarchive-dev libssl-dev libexpat1-dev \
             libzstd-dev zlib1g-dev libjansson-dev libmicrohttpd-dev libnghttp2-dev libxxhash-dev libsmartcols-dev libpcre2-dev
TEST_DEPS := libcmocka-dev curl clang libclang-rt-14-dev clang-format clang-tidy cppcheck mandoc \
             shellcheck gcovr bash-completion zsh fish sqlite3 procps ninja-build \
             openssh-client openssh-server

# Loaded on first use (lib/base/lazy.h), so not linked: of these only the headers are needed.
LAZY_PKGS := libgit2 libcurl libcrypto libmicrohttpd libnghttp2 libarchive expat
PKGS      := yaml-0.1 sqlite3 libzstd jansson libxxhash smartcols libpcre2-8

# A variant of the build has a tree of its own, so that they can stand side by side.
VARIANT := $(strip $(if $(FUZZ),fuzz,$(if $(SAN),san,$(if $(TSAN),tsan,$(if $(COV),cov,$(if $(FAULTS),faults))))))
OUT     := build$(VARIANT:%=/%)
comma   := ,
ifdef FUZZ
override CC := clang
endif

WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wundef \
            -Wvla -Wwrite-strings
HARDEN   := -fstack-protector-strong -fstack-clash-protection \
            $(if $(SAN)$(TSAN)$(FUZZ),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
INSTRUMENT := $(if $(SAN)$(FUZZ),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all \
              -fno-omit-frame-pointer) $(if $(TSAN),-fsanitize=thread -fno-omit-frame-pointer) $(if $(FUZZ),-fsanitize=fuzzer-no-link) $(if $(COV),--coverage)
CFLAGS   ?= -O2 -g
override CPPFLAGS += -D_GNU_SOURCE -DMLOPS_VERSION='"$(VERSION)"' -Ilib -Iinclude -I$(OUT) \
            $(if $(FAULTS)$(SAN),-DMLOPS_FAULTS) \
            $(shell pkg-config --cflags $(PKGS) $(LAZY_PKGS) 2>/dev/null)
override CFLAGS += -std=gnu17 -fPIC -fvisibility=hidden -pthread $(WARN) $(HARDEN) $(INSTRUMENT) -Wa,-Ilib
override LDFLAGS += -Wl,-z,relro,-z,now,--as-needed -pthread $(INSTRUMENT)
LDLIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -ldl -lm
COMPILE   = $(CC) $(CPPFLAGS) $(CFLAGS) $(if $(CI),-Werror) -MMD -MP -c

LIB_SRC  := $(wildcard lib/*/*.c lib/*/*/*.c)
CMD_SRC  := $(wildcard cmd/*.c)
LAZY     := $(wildcard lib/*/*.lazy)
GEN_H    := $(patsubst %.lazy,$(OUT)/gen/%_lazy.h,$(notdir $(LAZY)))
GEN_C    := $(GEN_H:.h=.c)
LIB_OBJ  := $(LIB_SRC:%.c=$(OUT)/obj/%.o) $(GEN_C:%.c=%.o)
CMD_OBJ  := $(CMD_SRC:%.c=$(OUT)/obj/%.o)
BIN      := $(OUT)/mlops
LIB      := $(OUT)/libmlops.a
SO       := $(OUT)/libmlops.so.$(VERSION)
MAN      := $(patsubst man/%.1.in,$(OUT)/man/man1/%.1,$(wildcard man/*.1.in)) \
            $(foreach s,5 7,$(patsubst man/%,$(OUT)/man/man$(s)/%,$(wildcard man/*.$(s))))

.PHONY: all
all: $(BIN) $(LIB) $(SO) $(MAN)

$(BIN): $(CMD_OBJ) $(LIB)
	$(Q)$(call say,LINK,$@)
	$(Q)$(CC) -pie $(LDFLAGS) -o $@ $(CMD_OBJ) $(LIB) $(LDLIBS)

$(LIB): $(LIB_OBJ)
	$(Q)rm -f $@ && ar rcs $@ $(LIB_OBJ)

$(SO): $(LIB_OBJ)
	$(Q)$(call say,LINK,$@)
	$(Q)$(CC) -shared -Wl,-soname,libmlops.so.$(SOVERSION) $(LDFLAGS) -o $@ $(LIB_OBJ) $(LDLIBS)

$(OUT)/obj/%.o: %.c $(OUT)/flags | $(GEN_H)
	$(Q)$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(COMPILE) -o $@ $<

$(OUT)/gen/%.o: $(OUT)/gen/%.c $(OUT)/flags | $(GEN_H)
	$(Q)$(COMPILE) -o $@ $<

# Which function names come from which library that is loaded on first use.
define lazy_rule
$(OUT)/gen/$(basename $(notdir $(1)))_lazy.h $(OUT)/gen/$(basename $(notdir $(1)))_lazy.c: $(1) lib/base/lazy.awk
	$(Q)mkdir -p $$(@D) && awk -v out=$$(subst .,,$$(suffix $$@)) -v name=$(basename $(notdir $(1))) -f lib/base/lazy.awk $(1) > $$@
endef
$(foreach l,$(LAZY),$(eval $(call lazy_rule,$(l))))

# All is compiled again when the compiler or its flags change.
.PHONY: FORCE
$(OUT)/flags: FORCE
	@pkg-config --exists $(PKGS) $(LAZY_PKGS) 2>/dev/null || \
	  { echo "libraries that mlops is built on are missing: install them with 'make deps'" >&2; exit 1; }
	@mkdir -p $(@D) && echo '$(subst ','\'',$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS))' | cmp -s - $@ || \
	  echo '$(subst ','\'',$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS))' > $@

# An object that embeds a file (lib/base/embed.h) is made again when the file changes.
EMBEDDED := $(wildcard lib/*/*.py lib/*/*/*.sql)
$(shell grep -l EMBED $(LIB_SRC) /dev/null | sed 's|^|$(OUT)/obj/|;s|\.c$$|.o|'): $(EMBEDDED)

# Manual pages: synopsis, options and exit status come from the option tables.
$(OUT)/man/man1/%.1: man/%.1.in $(BIN)
	$(Q)mkdir -p $(@D) && $(BIN) mdoc $< > $@.tmp && mv $@.tmp $@
$(OUT)/man/man5/% $(OUT)/man/man7/%: man/%
	$(Q)mkdir -p $(@D) && cp $< $@

-include $(wildcard $(LIB_OBJ:.o=.d) $(CMD_OBJ:.o=.d))

# Installing. DESTDIR goes in front of every path.
I := $(DESTDIR)
define PC
prefix=$(PREFIX)
libdir=$(LIBDIR)
includedir=$(INCDIR)

Name: libmlops
Description: Machine-learning models from data to production and back
Version: $(VERSION)
Libs: -L$${libdir} -lmlops
Libs.private: -ldl -lm -pthread
Requires.private: $(PKGS)
Cflags: -I$${includedir}
endef
export PC

.PHONY: install
install: all
	install -d $(I)$(BINDIR) $(I)$(LIBDIR)/pkgconfig $(I)$(INCDIR)/mlops $(I)$(SHAREDIR)/man/man1 \
	  $(I)$(SHAREDIR)/man/man5 $(I)$(SHAREDIR)/man/man7 $(I)$(SHAREDIR)/bash-completion/completions \
	  $(I)$(SHAREDIR)/zsh/site-functions $(I)$(SHAREDIR)/fish/vendor_completions.d $(I)$(SHAREDIR)/mlops
	install -m 755 $(BIN) $(I)$(BINDIR)/mlops
	install -m 644 $(LIB) $(I)$(LIBDIR)/libmlops.a
	install -m 755 $(SO) $(I)$(LIBDIR)/libmlops.so.$(VERSION)
	ln -sf libmlops.so.$(VERSION) $(I)$(LIBDIR)/libmlops.so.$(SOVERSION)
	ln -sf libmlops.so.$(SOVERSION) $(I)$(LIBDIR)/libmlops.so
	install -m 644 include/mlops/* $(I)$(INCDIR)/mlops
	printf '%s\n' "$$PC" > $(I)$(LIBDIR)/pkgconfig/libmlops.pc
	cd $(OUT)/man && for page in */*; do install -m 644 $$page $(I)$(abspath $(SHAREDIR))/man/$$page || exit 1; done
	install -m 644 lib/pipeline/mlops.yaml.json $(I)$(SHAREDIR)/mlops/mlops.yaml.json
	install -m 644 completions/mlops.bash $(I)$(SHAREDIR)/bash-completion/completions/mlops
	install -m 644 completions/_mlops $(I)$(SHAREDIR)/zsh/site-functions/_mlops
	install -m 644 completions/mlops.fish $(I)$(SHAREDIR)/fish/vendor_completions.d/mlops.fish

.PHONY: uninstall
uninstall:
	rm -rf $(I)$(BINDIR)/mlops $(I)$(LIBDIR)/libmlops.* $(I)$(SHAREDIR)/mlops $(I)$(LIBDIR)/pkgconfig/libmlops.pc \
	  $(I)$(INCDIR)/mlops $(MAN:$(OUT)/man/%=$(I)$(SHAREDIR)/man/%) $(I)$(SHAREDIR)/bash-completion/completions/mlops \
	  $(I)$(SHAREDIR)/zsh/site-functions/_mlops $(I)$(SHAREDIR)/fish/vendor_completions.d/mlops.fish

.PHONY: deps test-deps quickstart clean help
deps:
	@sh .ci/packages $(DEPS)
test-deps:
	@sh .ci/packages $(DEPS) $(TEST_DEPS)

# A make of its own for what follows the packages: this one was read before pkg-config was there.
quickstart: deps
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@PATH="$(CURDIR)/build:$$PATH" sh examples/quickstart/run.sh

clean:
	rm -rf build

include tests/tests.mk

help:
	@echo 'Building:'
	@echo '  all (default)  the binary, the library and the manual, in $(OUT)/'
	@echo '  install        with PREFIX ($(PREFIX)) and DESTDIR;  uninstall undoes it'
	@echo '  deps           the Debian packages that mlops is built on (as root, or through sudo)'
	@echo '  quickstart     deps, all, and then examples/quickstart/run.sh'
	@echo '  clean          remove build/'
	@echo 'Testing:'
	@echo '  check          every test, also under AddressSanitizer and UBSan; installs test-deps'
	@echo '  check-unit  check-cli  check-meta   parts of it, on this build'
	@echo '  check-san      unit and cli tests under the sanitizers'
	@echo '  check-peers    against real programs and services, those that are here'
	@echo '  check-tsan     what runs in threads and side by side, under ThreadSanitizer (SECS=60)'
	@echo '  check-crash    commands killed at many points (COUNT=, SEED=)'
	@echo '  check-fault    commands whose writes, syncs and renames fail, one after the other'
	@echo '  check-fuzz     each fuzz target for SECS=5;  fuzz: for SECS=600'
	@echo '  coverage       what the tests reach'
	@echo '  bench          figures beside those of peers (BENCH=group for one group)'
	@echo '  fmt  lint      clang-format; cppcheck, gcc -fanalyzer and shellcheck'
	@echo 'Variables: SAN=1 sanitizers, TSAN=1 ThreadSanitizer, FAULTS=1 fault points, COV=1 coverage (each a tree of its own),'
	@echo '  CI=1 warnings are errors, V=1 show the commands, CC=clang'
