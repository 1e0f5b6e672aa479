# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Read by reference/Makefile: the shared library, `make install`, `make doc`, and an example that is built from what is
# installed.

PREFIX ?= /usr/local
DESTDIR ?=
PKG_CONFIG ?= pkg-config
REF_VERSION := 0.1
REF_SONAME := libiommu-ref.so.0
REF_SO := $(O)/lib/$(REF_SONAME)
REF_SO_OBJS := $(patsubst %.c,$(O)/obj-so/%.o,$(reference-srcs))
REF_MAP := reference/iommu-ref.map

$(O)/obj-so/%.o: %.c
	@mkdir -p $(@D)
	$(call say,cc)$(CC) $(CPPFLAGS_ALL) $(reference-cflags) $(reference-inc) $(CFLAGS_ALL) \
		-fPIC -fno-semantic-interposition -MMD -MP -c -o $@ $<

$(REF_SO): $(REF_SO_OBJS) $(REF_MAP)
	@mkdir -p $(@D)
	$(call say,ld)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -shared -o $@ $(REF_SO_OBJS) \
		-Wl,-soname,$(REF_SONAME) -Wl,--version-script=$(REF_MAP) -Wl,-Bsymbolic-functions

-include $(shell find $(O)/obj-so -name '*.d' 2>/dev/null)

# What the systems of today lack: <iommu-ref/iommufd.h> of Linux 7.2, /dev/ioasid, and vfio.h with the nesting series.
REF_UAPI := uapi/iommufd.h uapi/vfio.h uapi/ioasid.h
INSTALLED := reference/iommu_ref.h $(REF_UAPI) reference/iommu-ref.pc.in $(call lib,iommu-ref) $(REF_SO) $(SHIM)

# install_in DESTDIR,PREFIX
define install_in
	@install -d '$(1)$(2)/include/iommu-ref' '$(1)$(2)/lib/pkgconfig'
	@install -m 644 reference/iommu_ref.h '$(1)$(2)/include/'
	@install -m 644 $(REF_UAPI) '$(1)$(2)/include/iommu-ref/'
	@install -m 644 $(call lib,iommu-ref) '$(1)$(2)/lib/'
	@install -m 755 $(REF_SO) $(SHIM) '$(1)$(2)/lib/'
	@ln -sf $(REF_SONAME) '$(1)$(2)/lib/libiommu-ref.so'
	@sed -e 's|@PREFIX@|$(2)|' -e 's|@VERSION@|$(REF_VERSION)|' reference/iommu-ref.pc.in \
		>'$(1)$(2)/lib/pkgconfig/iommu-ref.pc'
endef

.PHONY: install
install: $(INSTALLED) # the reference as a library, with its shim: DESTDIR= PREFIX=/usr/local
	$(if $(filter /%,$(PREFIX)),,$(error PREFIX is '$(PREFIX)': give an absolute path))
	$(if $(word 2,$(PREFIX)),$(error PREFIX is '$(PREFIX)': pkg-config takes no spaces in it))
	$(if $(DESTDIR),$(if $(filter /%,$(DESTDIR)),,$(error DESTDIR is '$(DESTDIR)': give an absolute path)))
	$(if $(SAN),$(error the library is not installed with sanitizers: leave SAN out))
	$(call install_in,$(DESTDIR),$(PREFIX))
	@echo "installed in $(DESTDIR)$(PREFIX)$(if $(DESTDIR),,; programs find the shared library after ldconfig)"

.PHONY: doc
doc: # pages of iommu_ref.h, HTML and man, in $(O)/doc
	@ci/deps doc
	@mkdir -p '$(O)/doc'
	@{ cat reference/doxygen.conf; echo 'OUTPUT_DIRECTORY = "$(O)/doc"'; } | doxygen -
	@echo "$(O)/doc/html/index.html, $(O)/doc/man/man3/iommu_ref.h.3"

# The example sees the installed files only; linked to the shared library, and to the static one.
REF_STAGE := $(abspath $(O))/stage
REF_EXAMPLES := $(O)/reference/examples/dma $(O)/reference/examples/dma-static
stage_flags = $$(PKG_CONFIG_SYSROOT_DIR=$(REF_STAGE) PKG_CONFIG_LIBDIR=$(REF_STAGE)/usr/local/lib/pkgconfig \
	$(PKG_CONFIG) $(1) iommu-ref)

$(O)/stage/.done: $(INSTALLED)
	@rm -rf '$(REF_STAGE)'
	$(call install_in,$(REF_STAGE),/usr/local)
	@touch $@

$(O)/reference/examples/dma: reference/examples/dma.c $(O)/stage/.done
	@mkdir -p $(@D)
	$(call say,ld)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< $(call stage_flags,--cflags --libs)

$(O)/reference/examples/dma-static: reference/examples/dma.c $(O)/stage/.done
	@mkdir -p $(@D)
	$(call say,ld)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< -Wl,-Bstatic \
		$(call stage_flags,--static --cflags --libs) -Wl,-Bdynamic

CHECK_PROGS += reference/examples/test-install
HELPER_PROGS += $(REF_EXAMPLES)
