/* SPDX-License-Identifier: GPL-2.0 */
/* What tests may ask of crypto_host.c beyond core/crypto.h. */
#ifndef _CRYPTO_HOST_H
#define _CRYPTO_HOST_H

/* Let the @nth X25519 from now fail, 1 being the next; 0: none. */
void crypto_host_fail(unsigned int nth);

#endif /* _CRYPTO_HOST_H */
