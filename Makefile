# SPDX-License-Identifier: GPL-2.0-only
#
# Builds iommu-cts. `make run` and `make check` install what is missing; `make help` lists the rest.
#
# Every part of the project is a folder with sources, an optional PART/Makefile and PART/tests/*.c.
# By default a part's sources are all its *.c; PART/Makefile may set
#	PART-srcs	the sources, PART-cflags, PART-libs (system libraries)
#	PART-tests	the test programs' sources, each a program that prints TAP; default PART/tests/*.c
# or add rules, and programs and scripts of its own to CHECK_PROGS.

O ?= build
ifneq ($(words $(O)),1)
$(error O is '$(O)': give the build folder one name without spaces)
endif
ARCH ?= $(shell uname -m)
ifeq ($(origin CC),default)
CC := gcc
endif
CROSS ?=
ifeq ($(origin AR),default)
AR := $(CROSS)ar
endif
OBJCOPY ?= $(CROSS)objcopy
SAN ?=
WERROR ?=
STATIC ?=
KSELFTEST_DIR ?=
OUT ?=

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:

PARTS := uapi reference harness fixtures conformance perf results runner

.PHONY: all
all: # everything that is built

# ---- flags

CPPFLAGS_ALL := -D_GNU_SOURCE $(CPPFLAGS)
CFLAGS_ALL := -std=gnu11 -O2 -g -fno-omit-frame-pointer -pthread -Wall -Wextra \
	$(if $(WERROR),-Werror) $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all) $(CFLAGS)
LDFLAGS_ALL := -pthread $(if $(SAN),-fsanitize=$(SAN)) $(if $(STATIC),-static) $(LDFLAGS)

ifneq ($(SYSROOT),)
triple := $(ARCH)-linux-gnu
CPPFLAGS_ALL += -idirafter $(SYSROOT)/usr/include -idirafter $(SYSROOT)/usr/include/$(triple)
LDFLAGS_ALL += -L$(SYSROOT)/usr/lib/$(triple)
endif
ifeq ($(STATIC),)
hwloc-libs := -lhwloc
else
CPPFLAGS_ALL += -DCTS_NO_HWLOC
endif

# ---- parts: sources, tests and what each may include (the arrows of ci/layers)

uapi-srcs := $(wildcard uapi/*.c)
reference-srcs := $(wildcard reference/*.c reference/model/*.c reference/frontend/*.c)
harness-srcs := $(wildcard harness/*.c)
fixtures-srcs := $(wildcard fixtures/*.c $(foreach d,verbs engines stage1 defects,fixtures/$(d)/*.c))
conformance-srcs := $(wildcard conformance/*/*.c)
perf-srcs := $(wildcard perf/*.c)
perf-libs := -lgsl -lgslcblas -lm
results-srcs := $(wildcard results/*.c)
results-libs := $(hwloc-libs) -ljansson
runner-srcs := $(wildcard runner/*.c)
$(foreach p,$(PARTS),$(eval $(p)-tests := $$(wildcard $(p)/tests/*.c)))
# Programs and scripts that print TAP; programs that these need but that are no tests themselves.
CHECK_PROGS :=
HELPER_PROGS :=

KS := $(O)/kselftest
KS_HDR := $(KS)/kselftest_harness.h

uapi-inc := -Iuapi
reference-inc := -Ireference -Iuapi
harness-inc := -Iharness -Ireference -Iuapi -isystem $(KS)
fixtures-inc := -Ifixtures -I$(O)/gen $(harness-inc)
conformance-inc := $(fixtures-inc)
perf-inc := -Iperf -Iresults $(fixtures-inc)
results-inc := -Iresults -I$(O)/gen
runner-inc := -Irunner -Iresults -Iperf $(fixtures-inc)

objs = $(patsubst %.c,$(O)/obj/%.o,$(1))
lib = $(O)/lib/lib$(1).a

LIBS_uapi := $(call lib,uapi)
LIBS_reference := $(call lib,iommu-ref-cts) $(LIBS_uapi)
LIBS_harness := $(call lib,harness) $(LIBS_reference)
LIBS_fixtures := $(call lib,fixtures) $(LIBS_harness)
LIBS_conformance := $(LIBS_fixtures)
LIBS_results := $(call lib,results)
LIBS_perf := $(call lib,perf) $(LIBS_results) $(LIBS_fixtures)
LIBS_runner := $(call lib,runner) $(LIBS_perf)

-include $(foreach p,$(PARTS),$(p)/Makefile)

# The reference that the suite judges has the known-bad variants; the one that is shipped has none.
REF_CTS_OBJS := $(patsubst %.c,$(O)/obj-cts/%.o,$(reference-srcs))
SYSLIBS := $(perf-libs) $(fixtures-libs) $(harness-libs) $(results-libs) -lm

# ---- rules; V=1 shows the commands

LINK = $(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) \
	-Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(SYSLIBS)
say = $(if $(V),,@echo '  $(1) $@';)

# The kernel's TEST() has a parameter that few tests use.
TEST_CFLAGS := -isystem $(KS) -Wno-unused-parameter

define part_rules
$(O)/obj/$(1)/%.o: $(1)/%.c
	@mkdir -p $$(@D)
	$$(call say,cc)$$(CC) $$(CPPFLAGS_ALL) $$($(1)-cflags) $$($(1)-inc) \
		$$(CFLAGS_ALL) $$(if $$(findstring /tests/,$$<),$$(TEST_CFLAGS)) -MMD -MP -c -o $$@ $$<
endef
$(foreach p,$(filter-out conformance,$(PARTS)),$(eval $(call part_rules,$(p))))

# The kernel's header defines global functions: each test file keeps its own to itself.
SUITE_CC = $(CC) $(CPPFLAGS_ALL) $(conformance-cflags) $(conformance-inc) $(CFLAGS_ALL) -fvisibility=hidden \
	-MMD -MP -c -o $@ $< && $(OBJCOPY) --localize-hidden $@
$(O)/obj/conformance/%.o: conformance/%.c
	@mkdir -p $(@D)
	$(call say,cc)$(SUITE_CC)

$(O)/obj-cts/reference/%.o: reference/%.c
	@mkdir -p $(@D)
	$(call say,cc)$(CC) $(CPPFLAGS_ALL) -DIOMMU_REF_DEFECTS $(reference-cflags) $(reference-inc) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(O)/lib/%.a:
	@mkdir -p $(@D)
	@rm -f $@
	$(call say,ar)$(AR) rcs $@ $^

$(call lib,uapi): $(call objs,$(uapi-srcs))
$(call lib,iommu-ref): $(call objs,$(reference-srcs))
$(call lib,iommu-ref-cts): $(REF_CTS_OBJS)
$(call lib,harness): $(call objs,$(harness-srcs))
$(call lib,fixtures): $(call objs,$(fixtures-srcs))
$(call lib,perf): $(call objs,$(perf-srcs))
$(call lib,results): $(call objs,$(results-srcs))
$(call lib,runner): $(call objs,$(filter-out runner/main.c,$(runner-srcs)))

PROGRAM := $(O)/iommu-cts
$(PROGRAM): $(call objs,runner/main.c $(conformance-srcs)) $(LIBS_runner)
	$(call say,ld)$(LINK)

# A test program links its own part and what that stands on.
define test_rules
$(1)-progs := $$(patsubst %.c,$(O)/%,$$($(1)-tests))
CHECK_PROGS += $$($(1)-progs)
$$($(1)-progs): $(O)/$(1)/tests/%: $(O)/obj/$(1)/tests/%.o $$(LIBS_$(1))
	@mkdir -p $$(@D)
	$$(call say,ld)$$(LINK)
endef
$(foreach p,$(filter-out conformance,$(PARTS)),$(eval $(call test_rules,$(p))))

# Everything from the harness on may include the kernel's header, and so may every test.
$(call objs,$(foreach p,harness fixtures conformance perf runner,$($(p)-srcs))): | $(KS_HDR)
$(call objs,$(foreach p,$(PARTS),$($(p)-tests))): | $(KS_HDR)
$(KS_HDR):
	@KSELFTEST_DIR='$(KSELFTEST_DIR)' ci/kselftest $(@D)

# What `git describe` says, in a header that changes only with it.
VERSION_HDR := $(O)/gen/version.h
$(VERSION_HDR): FORCE
	@mkdir -p $(@D)
	@v=$$(git describe --tags --always --dirty 2>/dev/null || echo unknown); \
	echo "#define CTS_VERSION \"$$v\"" >$@.new; \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
FORCE:
$(call objs,results/environment.c runner/main.c): | $(VERSION_HDR)

# What each known-bad variant turns red, out of the page that `make matrix` writes.
CAUGHT := $(O)/gen/caught.inc
$(CAUGHT): docs/matrix.md fixtures/defects/caught.awk
	@mkdir -p $(@D)
	@awk -f fixtures/defects/caught.awk docs/matrix.md >$@
$(call objs,fixtures/defects/defects.c): $(CAUGHT)

-include $(shell find $(O)/obj $(O)/obj-cts -name '*.d' 2>/dev/null)

# ---- targets

all: $(PROGRAM) $(call lib,iommu-ref)

.PHONY: tests
tests: all $(CHECK_PROGS) $(HELPER_PROGS) # all test programs, without running them

.PHONY: print-check-progs
print-check-progs:
	@printf '%s\n' $(CHECK_PROGS)

.PHONY: install-deps
install-deps: # the Debian packages that run and check need
	@ci/deps check

.PHONY: run
run: # conformance on the reference and a quick performance pass
	@ci/deps run
	@MAKE='$(MAKE)' O='$(O)' OUT='$(OUT)' ci/first-run

.PHONY: check
check: # all of the project's own tests
	@ci/deps check
	@MAKE='$(MAKE)' O='$(O)' KSELFTEST_DIR='$(KSELFTEST_DIR)' ci/check

.PHONY: guest
guest: # the static program for a lab guest: make guest ARCH=aarch64|x86_64
	@MAKE='$(MAKE)' O='$(O)' SYSROOT='$(SYSROOT)' ci/guest '$(ARCH)'

.PHONY: coverage
coverage: # lines and branches of the reference that all tests together run; REPORT=1: of the last time
	@ci/deps coverage
	@MAKE='$(MAKE)' O='$(O)' REPORT='$(REPORT)' ci/coverage

.PHONY: matrix
matrix: all # measure which requirements catch which known-bad variant; rewrite docs/
	@MAKE='$(MAKE)' O='$(O)' ci/matrix write

.PHONY: selfcheck
selfcheck: # the quick part of check: layers, scripts, licences
	@ci/layers && ci/scripts && echo "selfcheck: ok"

.PHONY: format
format: # lay out C sources with clang-format
	git ls-files '*.c' '*.h' | xargs clang-format -i

.PHONY: clean
clean: # remove $(O)
	@test ! -e '$(O)' || test -d '$(O)/obj' || test -d '$(O)/check' || test -d '$(O)/cov' || \
		{ echo "$(O) is no build folder: remove it by hand" >&2; exit 2; }
	rm -rf '$(O)'

.PHONY: help
help:
	@echo 'make [target] [O=build] [CC=gcc] [SAN=address,undefined|thread] [WERROR=1] [KSELFTEST_DIR=] [NO_INSTALL=1]'
	@sed -n 's/^\([a-z-]*\):.* # \(.*\)/  \1\t\2/p' Makefile reference/install.mk reference/shim/Makefile reference/fuzz/Makefile | expand -t 18
