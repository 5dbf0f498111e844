/* SPDX-License-Identifier: GPL-2.0 */
/* cmocka and what it wants before it. */
#ifndef _TEST_CMOCKA_H
#define _TEST_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#endif /* _TEST_CMOCKA_H */
