#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# check.sh for every kernel that mytun supports, with what takes long.

exec "${0%/*}/check.sh" --long 6.1 6.12 7.2
