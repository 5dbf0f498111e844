/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory: malloc(), so that ASan watches it, with failures on demand and the number of
 * objects and bytes that are out.
 */
#ifndef _SHIM_LINUX_SLAB_H
#define _SHIM_LINUX_SLAB_H

#include <linux/types.h>

#define GFP_KERNEL 0U
#define GFP_ATOMIC 1U
#define SLAB_HWCACHE_ALIGN 0x2000U

struct kmem_cache;

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     unsigned int flags, void (*ctor)(void *object));
void kmem_cache_destroy(struct kmem_cache *cache);	/* with objects out: ends the test */
void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp);
void *kmem_cache_zalloc(struct kmem_cache *cache, gfp_t gfp);
void kmem_cache_free(struct kmem_cache *cache, void *object);

void *kmalloc(size_t size, gfp_t gfp);
void *kzalloc(size_t size, gfp_t gfp);
void *kcalloc(size_t n, size_t size, gfp_t gfp);
void kfree(const void *p);

#define kvmalloc(size, gfp) kmalloc(size, gfp)
#define kvzalloc(size, gfp) kzalloc(size, gfp)
#define kvcalloc(n, size, gfp) kcalloc(n, size, gfp)
#define kvfree(p) kfree(p)

/* For tests. Let the @nth allocation from now fail, 1 being the next; 0: none. */
void shim_alloc_fail(unsigned int nth);
size_t shim_alloc_objects(void);	/* allocated and not yet freed */
size_t shim_alloc_bytes(void);

#endif /* _SHIM_LINUX_SLAB_H */
