# Building, testing and installing mlops.  make help lists the targets.
#   SAN=1  AddressSanitizer and UBSan      COV=1  coverage      CI=1  warnings are errors
#   V=1    show the commands               CC=clang works too

VERSION  := 0.1.0
PREFIX   ?= /usr/local
BINDIR   ?= $(PREFIX)/bin
LIBDIR   ?= $(PREFIX)/lib
MANDIR   ?= $(PREFIX)/share/man
CC       ?= cc
Q        := $(if $(V),,@)

# The one list of Debian packages: to build and run, and to test.
DEPS      := gcc libc6-dev make pkg-config git ca-certificates python3 mandoc man-db \
             libgit2-dev libcurl4-openssl-dev libyaml-dev libsqlite3-dev libarchive-dev libssl-dev \
             libzstd-dev libjansson-dev libmicrohttpd-dev libxxhash-dev libsmartcols-dev libpcre2-dev
TEST_DEPS := libcmocka-dev curl clang libclang-rt-14-dev clang-format clang-tidy cppcheck \
             shellcheck gcovr bash-completion zsh fish sqlite3 procps ninja-build

# Loaded on first use (see lib/base/lazy.h), so not linked: their headers are all that is needed.
LAZY_PKGS := libgit2 libcurl libcrypto libmicrohttpd libarchive
PKGS      := yaml-0.1 sqlite3 libzstd jansson libxxhash smartcols libpcre2-8

comma := ,
SAN  ?=
COV  ?=
OUT  := build$(if $(SAN),/san)$(if $(COV),/cov)

WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wundef \
            -Wvla -Wwrite-strings $(if $(CI),-Werror)
HARDEN   := -fstack-protector-strong -fstack-clash-protection $(if $(SAN),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
SANFLAGS := $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer) \
            $(if $(COV),--coverage)
CFLAGS   ?= -O2 -g
override CPPFLAGS += -D_GNU_SOURCE -DMLOPS_VERSION='"$(VERSION)"' -Ilib -Iinclude -I$(OUT) \
            $(if $(FAULTS)$(SAN),-DMLOPS_FAULTS) \
            $(shell pkg-config --cflags $(PKGS) $(LAZY_PKGS) 2>/dev/null)
override CFLAGS += -std=gnu17 -fPIC -fvisibility=hidden -pthread $(WARN) $(HARDEN) $(SANFLAGS) -Wa,-Ilib
override LDFLAGS += -pie -Wl,-z,relro,-z,now,--as-needed -pthread $(SANFLAGS)
LDLIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -ldl -lm

LIB_SRC  := $(wildcard lib/*/*.c lib/*/*/*.c)
CMD_SRC  := $(wildcard cmd/*.c)
LAZY     := $(wildcard lib/*/*.lazy)
GEN_H    := $(patsubst %.lazy,$(OUT)/gen/%_lazy.h,$(notdir $(LAZY)))
GEN_C    := $(GEN_H:.h=.c)
LIB_OBJ  := $(LIB_SRC:%.c=$(OUT)/obj/%.o) $(GEN_C:%.c=%.o)
CMD_OBJ  := $(CMD_SRC:%.c=$(OUT)/obj/%.o)
BIN      := $(OUT)/mlops

.PHONY: all
all: $(BIN) $(OUT)/libmlops.a $(OUT)/libmlops.so $(OUT)/libmlops.pc

$(BIN): $(CMD_OBJ) $(OUT)/libmlops.a
	$(Q)echo "  LINK $@" && $(CC) $(LDFLAGS) -o $@ $(CMD_OBJ) $(OUT)/libmlops.a $(LDLIBS)

$(OUT)/libmlops.a: $(LIB_OBJ)
	$(Q)rm -f $@ && ar rcs $@ $(LIB_OBJ)

$(OUT)/libmlops.so: $(LIB_OBJ)
	$(Q)$(CC) -shared -Wl,-soname,libmlops.so.0 -Wl,-z,relro,-z,now,--as-needed -pthread $(SANFLAGS) -o $@ $(LIB_OBJ) $(LDLIBS)

$(OUT)/libmlops.pc: Makefile
	$(Q)printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$(LIBDIR)' 'includedir=$${prefix}/include' '' \
	  'Name: libmlops' 'Description: machine-learning models from data to production' \
	  'Version: $(VERSION)' 'Requires.private: $(PKGS)' \
	  'Libs: -L$${libdir} -lmlops' 'Libs.private: -ldl -lm -pthread' 'Cflags: -I$${includedir}' > $@

$(OUT)/obj/%.o: %.c | $(GEN_H)
	$(Q)mkdir -p $(@D) && $(if $(V),,echo "  CC   $<" &&) $(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Which function names come from which library that is loaded on first use.
define lazy_rule
$(OUT)/gen/$(basename $(notdir $(1)))_lazy.h: $(1) lib/base/lazy.awk
	$(Q)mkdir -p $$(@D) && awk -v out=h -v name=$(basename $(notdir $(1))) -f lib/base/lazy.awk $(1) > $$@
$(OUT)/gen/$(basename $(notdir $(1)))_lazy.c: $(1) lib/base/lazy.awk
	$(Q)mkdir -p $$(@D) && awk -v out=c -v name=$(basename $(notdir $(1))) -f lib/base/lazy.awk $(1) > $$@
endef
$(foreach l,$(LAZY),$(eval $(call lazy_rule,$(l))))

$(OUT)/gen/%.o: $(OUT)/gen/%.c | $(GEN_H)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# An object that embeds a file (lib/base/embed.h) is made again when the file changes.
$(shell grep -l EMBED $(LIB_SRC) 2>/dev/null | sed 's|^|$(OUT)/obj/|;s|\.c$$|.o|'): $(wildcard lib/*/*.sql lib/*/*/*.sql lib/*/*.py)

-include $(wildcard $(LIB_OBJ:.o=.d) $(CMD_OBJ:.o=.d))

.PHONY: deps test-deps
deps:
	DEBIAN_FRONTEND=noninteractive; export DEBIAN_FRONTEND; \
	missing=$$(dpkg-query -W -f '$${Status} $${Package}\n' $(DEPS) 2>/dev/null | awk '/ok installed/{print $$4}' | sort > /tmp/.mlops-have; echo $(DEPS) | tr ' ' '\n' | sort | comm -23 - /tmp/.mlops-have); \
	rm -f /tmp/.mlops-have; [ -z "$$missing" ] || { $(SUDO) apt-get update -qq; $(SUDO) apt-get install -y --no-install-recommends $$missing; }

.PHONY: clean
clean:
	rm -rf build
