# SPDX-License-Identifier: GPL-2.0
# Top-level targets; `make help` lists them.
KDIR ?= /lib/modules/$(shell uname -r)/build

.PHONY: modules clean userspace selftests docs help
help:
	@grep -hE '^## ' $(MAKEFILE_LIST) | sed 's/^## //'

## modules         build ./mytun.ko against KDIR (W=1 more warnings, DEBUG=1 self-tests at insmod)
modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) DEBUG=$(DEBUG) modules $(EXTRA)
clean:
	$(MAKE) -C $(KDIR) M=$(CURDIR) clean
userspace:
	$(MAKE) -C userspace
