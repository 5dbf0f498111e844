#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The guests' scripts in the debug kernel; names of some may be given.

exec "${0%/*}/check.sh" --debug "$@"
