# SPDX-License-Identifier: GPL-2.0
# The top of the tree: `make help` lists what can be made.

version := $(shell sed -n 's/^.define MYTUN_VERSION "\(.*\)"/\1/p' module/mytun.h)

# The kernel to build for: the running one, else the newest whose headers are there
KDIR ?= $(firstword $(wildcard /lib/modules/$(shell uname -r)/build) \
	  $(shell printf '%s\n' /lib/modules/*/build | sort -rV))
KVER ?= $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h)

INSTALL ?= install
DEPMOD ?= depmod
module_dir = $(DESTDIR)/lib/modules/$(KVER)/updates

.PHONY: help demo check check-all check-debug check-kcsan check-portable check-mutants packages check-packages \
	check-systemd bench bench-scale bench-cpus bench-profile modules userspace clean install uninstall dkms-install dkms-remove \
	style format sparse check-layers analyze coverage deps module selftests docs scripts
help:
	@echo 'mytun $(version)'
	@sed -nE "s/^### ?(.*)/\n\1/p; s/^## ?//p" $(firstword $(MAKEFILE_LIST))

### See it work
## demo            client, router and server in a virtual machine: the tunnel on one screen
## check           build for Linux 6.1 and run the tests; closes with "N passed, N failed"
## check-all       the same, the tests in the guest on 6.12 and 7.2 too, and some that take minutes
## bench           instructions for packets and bytes, mytun beside WireGuard, ESP and vxlan
## bench-scale     10,000 and 100,000 peers: memory, configuration, lookup, mytun beside WireGuard
## bench-cpus      by the clock: what a second processor is worth, mytun beside WireGuard
## bench-profile   where those instructions go (PROFILE="udp 1300 32" or tcp)
## check-debug     the tests in the guest, most of the longest too, on a kernel full of checkers
## check-kcsan     some of them on a kernel that looks for data races
## check-mutants   put bugs into the module, one by one: the tests must notice
## check-packages  Debian packages: built, installed, upgraded and purged in a chroot (as root)
## check-systemd   their units, in a virtual machine that systemd boots twice (as root)
## check-portable  unit tests on other processors, the module for other configurations and by clang

### Build
## modules         ./mytun.ko for the kernel in KDIR (W=1: more warnings, DEBUG=1: self-tests at insmod)
##                 EXTRA=...: more arguments for the kernel's make
## userspace       userspace/vpnctl, and the plug-in for ip
## packages        Debian packages, in build/packages
## clean           remove what was built

modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(if $(filter-out 0 n,$(DEBUG)),DEBUG=y) modules $(EXTRA)
userspace:
	$(MAKE) -C userspace
clean:
	-$(MAKE) -C $(KDIR) M=$(CURDIR) clean
	$(MAKE) -C userspace clean
	$(MAKE) -C selftests clean
	$(MAKE) -C selftests/unit clean
	$(MAKE) -C selftests/fuzz clean
	rm -rf selftests/vm/out build

### Install (as root; DESTDIR and PREFIX are respected)
## install         the module for KDIR, and vpnctl with manual pages, completions, plug-in and units
## uninstall       the reverse
## dkms-install    the module through DKMS, which builds it again for each new kernel
## dkms-remove     the reverse

install: modules userspace
	$(INSTALL) -D -m 644 mytun.ko $(module_dir)/mytun.ko
	$(if $(DESTDIR),,$(DEPMOD) $(KVER))
	$(MAKE) -C userspace install
uninstall:
	rm -f $(module_dir)/mytun.ko
	-rmdir --ignore-fail-on-non-empty $(module_dir)
	$(if $(DESTDIR),,$(DEPMOD) $(KVER))
	$(MAKE) -C userspace uninstall

dkms-install:
	scripts/dkms.sh install $(version) $(KVER)
dkms-remove:
	scripts/dkms.sh remove $(version)

### Look after the code (silent when all is well)
## style           checkpatch, kernel-doc, coccinelle, shellcheck, clang-format, codespell
## format          clang-format on the lines that git says are changed
## sparse          every file of the module through sparse, and W=1
## check-layers    what core may call, and no two files that call each other
## analyze         cppcheck and clang-tidy over what builds in user space
## coverage        lines and branches of module/core/ that unit tests and fuzzers run
## deps            install what building and testing need (Debian, as root)

demo:
	@scripts/demo.sh
check:
	@scripts/check.sh
check-all check-debug check-kcsan check-portable check-mutants:
	@scripts/$@.sh
bench bench-scale bench-cpus bench-profile style sparse check-layers analyze coverage deps:
	@scripts/$@.sh
packages:
	@scripts/packages.sh
check-packages:
	@scripts/test-packages.sh
check-systemd:
	@scripts/test-systemd.sh
format:
	git clang-format --extensions c,h HEAD
