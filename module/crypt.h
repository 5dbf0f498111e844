/* SPDX-License-Identifier: GPL-2.0 */
/* Batches and the AEAD. */
#ifndef _MYTUN_CRYPT_H
#define _MYTUN_CRYPT_H

#include "pipeline.h"
#include "uapi/mytun.h"

unsigned int mytun_crypt_seal(struct mytun_batch *batch);
unsigned int mytun_crypt_open(struct mytun_batch *batch);

#endif /* _MYTUN_CRYPT_H */
