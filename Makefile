# rackmux - see README.md. Everything that is built goes under build*/.
#
#   make            the programs            make demo     set up, build, open
#   make check      set up, every test      make lint     every style check
#   make install    PREFIX, DESTDIR         make bench    the figures
#   make check-qemu    consoles of a real Linux in QEMU
#   make conformance   our terminal beside others, in a table

VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
CC ?= cc
CLANG ?= clang
V ?=
Q := $(if $(V),,@)

# SAN=1 builds with AddressSanitizer and UBSan in a tree of its own.
SAN ?=
O := $(if $(SAN),build-san,build)

LAYERS := base link driver model console ui app
PKGS := libssh libuv ncursesw termkey libserialport libconfig jansson libcrypto \
	libssl libtelnet libzstd
SIM_PKGS := libssh libconfig libcrypto libssl libuv jansson

# Expanded once, and only when something is built.
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(shell pkg-config --cflags $$(PKGS)))$(PKG_CFLAGS)
# wslay has no .pc file.
PKG_LIBS = $(eval PKG_LIBS := $$(shell pkg-config --libs $$(PKGS)) -lwslay)$(PKG_LIBS)

WARN := -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes \
	-Wstrict-prototypes -Wvla -Wwrite-strings -Wformat=2 -Wundef \
	-Wpointer-arith -Wcast-qual
comma := ,
OPT := $(if $(SAN),-O1 -g -fsanitize=address$(comma)undefined \
	-fno-sanitize-recover=undefined -fno-omit-frame-pointer,\
	-O2 -g -D_FORTIFY_SOURCE=2)
HARDEN := -fstack-protector-strong -fPIE -fstack-clash-protection \
	-fcf-protection
LDHARDEN := -pie -Wl,-z,relro,-z,now
CFLAGS ?=
CPPFLAGS ?=
LDFLAGS ?=
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -Iinclude -Itests/lib $(PKG_CFLAGS) $(WARN) \
	$(if $(WERROR),-Werror) $(OPT) $(HARDEN) \
	-DRM_VERSION='"$(VERSION)"' -DRM_PREFIX='"$(PREFIX)"' \
	$(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(if $(SAN),-fsanitize=address$(comma)undefined) $(LDHARDEN) \
	$(LDFLAGS)

LIB_SRC := $(filter-out src/app/main.c,$(foreach l,$(LAYERS),\
	$(wildcard src/$l/*.c)))
SIM_SRC := $(filter-out src/sim/main.c,$(wildcard src/sim/*.c))
BASE_SRC := $(wildcard src/base/*.c)
TEST_SRC := $(wildcard tests/unit/*.c)
HARNESS_SRC := $(wildcard tests/lib/*.c)
obj = $(patsubst %.c,$O/obj/%.o,$(1))
QEMU_SRC := $(wildcard tests/qemu/test_*.c)
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
TESTS := $(patsubst tests/unit/%.c,$O/tests/%,$(TEST_SRC))

all: $O/rackmux $O/rackmux-sim

$O/librackmux.a: $(call obj,$(LIB_SRC)) $O/obj/gen/boards.o
	$(Q)rm -f $@ && ar rcs $@ $^

$O/libsim.a: $(call obj,$(SIM_SRC) $(BASE_SRC))
	$(Q)rm -f $@ && ar rcs $@ $^

$O/rackmux: $(call obj,src/app/main.c) $O/librackmux.a
	@echo "  LINK $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lm -lutil

$O/rackmux-sim: $(call obj,src/sim/main.c) $O/libsim.a
	@echo "  LINK $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lm -lutil

$O/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The boards that we describe, built in: they are there uninstalled too.
BOARD_CFG := $(sort $(wildcard config/boards/*.cfg))
$O/gen/boards.c: $(BOARD_CFG) config/boards
	@mkdir -p $(@D)
	$(Q){ echo '#include "rackmux/app/recipe_file.h"'; \
	    echo 'const struct recipe_builtin recipe_builtins[] = {'; \
	    for f in $(BOARD_CFG); do \
	    n=$${f##*/}; echo "{ \"$${n%.cfg}\","; \
	    sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$$/\\n"/' $$f; \
	    echo '},'; done; echo '{ NULL, NULL } };'; } >$@
$O/obj/gen/boards.o: $O/gen/boards.c
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# One program a test file, linked with the library (and the simulator's,
# for tests named test_sim_*).
$O/tests/test_sim_%: $O/obj/tests/unit/test_sim_%.o $O/libsim.a \
    $(call obj,$(HARNESS_SRC))
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $O/libsim.a $(PKG_LIBS) \
	    -lvterm -lm -lutil

$O/tests/%: $O/obj/tests/unit/%.o $(call obj,$(HARNESS_SRC)) $O/librackmux.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $O/librackmux.a \
	    $(PKG_LIBS) -lvterm -lm -lutil

tests: $(TESTS)

# Against a real Linux in QEMU; see docs/check-qemu.md.
QEMU_LIB := $O/obj/tests/qemu/guest.o
$O/qemu/%: $O/obj/tests/qemu/%.o $(QEMU_LIB) $(call obj,$(HARNESS_SRC)) \
    $O/librackmux.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $O/librackmux.a \
	    $(PKG_LIBS) -lvterm -lm -lutil

qemu-tests: $(patsubst tests/qemu/%.c,$O/qemu/%,$(QEMU_SRC))

# One fuzzer a file; see tests/fuzz/fuzz.h.
$O/fuzz/%: $O/obj/tests/fuzz/%.o $O/obj/tests/fuzz/fuzz.o $O/librackmux.a
	@mkdir -p $(@D)
	@echo "  LINK $@"
	$(Q)$(CC) $(FUZZ_SAN) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lm -lutil

$O/bench_screen: $O/obj/tests/bench/bench_screen.o $O/librackmux.a
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lm -lutil

$O/bench_vt: $O/obj/tests/bench/bench_vt.o $O/librackmux.a
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lm -lutil

# --- what a person types ----------------------------------------------------

setup-%:
	@tests/tools/setup.sh $*

demo: setup-build
	@$(MAKE) --no-print-directory all
	@$O/rackmux demo $(ARGS)

# The build with the sanitizers, then every test; T=name runs one program.
check: setup-check
	@tests/tools/fetch-daemons.sh $(CURDIR)/build/daemons
	@$(MAKE) --no-print-directory -j2 SAN=1 WERROR= all tests
	@RM_BUILD=$(CURDIR)/build-san RM_SRC=$(CURDIR) \
	    RM_DAEMONS=$(CURDIR)/build/daemons \
	    tests/tools/run-tests.sh $(CURDIR)/build-san/run \
	    $(if $(T),$(filter %/$(T),$(ALL_TESTS)),$(ALL_TESTS))

SAN_TESTS := $(patsubst tests/unit/%.c,$(CURDIR)/build-san/tests/%,$(TEST_SRC))
ALL_TESTS := $(SAN_TESTS) $(patsubst %,$(CURDIR)/%,$(wildcard tests/system/*.sh))

# A real Linux in QEMU on a console, and rackmux in one, with USB adapters.
TREE := $(abspath $O)
QEMU_TESTS := $(patsubst tests/qemu/%.c,$(TREE)/qemu/%,$(QEMU_SRC))
check-qemu: setup-qemu
	@tests/qemu/fetch-guest.sh $(TREE)/guest
	@$(MAKE) --no-print-directory -j2 all qemu-tests
	@tests/qemu/make-initrd.sh $(TREE)/guest $(TREE)/rackmux
	@RM_BUILD=$(TREE) RM_GUEST=$(TREE)/guest \
	    tests/tools/run-tests.sh $(TREE)/qemu/run $(QEMU_TESTS); \
	    rc=$$?; grep -h '^#' $(TREE)/qemu/run/log/*.out; exit $$rc

# Our terminal beside tmux and libvterm; RM_WHY=1 says what differs.
conformance: setup-check
	@$(MAKE) --no-print-directory -j2 $O/tests/test_conformance
	@RM_SRC=$(CURDIR) $O/tests/test_conformance table

# Both compilers with every warning as an error, then the house rules.
lint: setup-lint
	@$(MAKE) --no-print-directory -j2 WERROR=1 CC=gcc O=build-lint/gcc \
	    objects
	@$(MAKE) --no-print-directory -j2 WERROR=1 CC=clang O=build-lint/clang \
	    objects
	@tests/tools/lint.sh && echo "lint: clean"

ALL_SRC := $(LIB_SRC) $(SIM_SRC) $(TEST_SRC) $(HARNESS_SRC) \
	$(FUZZ_SRC) $(wildcard tests/fuzz/fuzz.c tests/qemu/*.c \
	src/app/main.c src/sim/main.c)
objects: $(call obj,$(ALL_SRC))

format:
	clang-format -i $(ALL_SRC)

bench: setup-bench
	@tests/tools/fetch-daemons.sh $(CURDIR)/build/daemons
	@tests/tools/fetch-daemons.sh $(CURDIR)/build/peers consoles
	@$(MAKE) --no-print-directory -j2 all build/bench_screen build/bench_vt
	@RM_BUILD=$(CURDIR)/build RM_DAEMONS=$(CURDIR)/build/daemons \
	    RM_PEERS=$(CURDIR)/build/peers tests/bench/run.sh

compdb: export COMPILE = $(CC) $(ALL_CFLAGS)
compdb: setup-build
	@c=$$(printf '%s' "$$COMPILE" | sed 's/[\\"]/\\&/g'); { echo '['; \
	    for f in $(ALL_SRC); do printf \
	    '{"directory":"%s","file":"%s","command":"%s -c %s"},\n' \
	    '$(CURDIR)' "$$f" "$$c" "$$f"; done | sed '$$ s/,$$//'; \
	    echo ']'; } >compile_commands.json

# The package goes to build/deb, and all of its making too.
deb: setup-deb
	@rm -rf build/deb && mkdir -p build/deb/rackmux
	@git ls-files -z | xargs -0 cp --parents -t build/deb/rackmux
	@cd build/deb/rackmux && dpkg-buildpackage -b -us -uc
	@ls build/deb/*.deb

# Everything once more with the coverage that libFuzzer steers by.
FUZZ_SAN := -fsanitize=fuzzer$(comma)address$(comma)undefined
FUZZ_OPT := -O1 -g -fno-omit-frame-pointer \
	-fsanitize=fuzzer-no-link$(comma)address$(comma)undefined \
	-fno-sanitize-recover=undefined
fuzzers:
	@$(MAKE) --no-print-directory CC=$(CLANG) O=build-fuzz SAN= WERROR= \
	    OPT='$(FUZZ_OPT)' fuzz-programs
fuzz-programs: $(patsubst tests/fuzz/%.c,$O/fuzz/%,$(FUZZ_SRC))

# Each fuzzer for T seconds: libFuzzer under the sanitizers.
T ?=
fuzz: setup-fuzz
	@$(MAKE) --no-print-directory -j2 fuzzers
	@tests/tools/run-fuzz.sh $(CURDIR)/build-fuzz $(or $(T),60)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/rackmux/themes \
	    $(DESTDIR)$(PREFIX)/share/rackmux/boards \
	    $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 755 $O/rackmux $O/rackmux-sim $(DESTDIR)$(PREFIX)/bin
	install -m 644 themes/* $(DESTDIR)$(PREFIX)/share/rackmux/themes
	install -m 644 config/boards/*.cfg $(DESTDIR)$(PREFIX)/share/rackmux/boards
	install -m 644 docs/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 docs/*.5 $(DESTDIR)$(PREFIX)/share/man/man5

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/rackmux $(DESTDIR)$(PREFIX)/bin/rackmux-sim
	rm -rf $(DESTDIR)$(PREFIX)/share/rackmux
	cd docs && for m in *.1 *.5; do \
	    rm -f $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$$m; done

clean:
	rm -rf build build-san build-lint build-fuzz compile_commands.json

.PHONY: all tests demo check check-qemu qemu-tests conformance lint objects \
	format bench compdb install uninstall clean deb fuzz fuzzers fuzz-programs
.SECONDARY:
.DELETE_ON_ERROR:
-include $(shell find $O/obj -name '*.d' 2>/dev/null)
