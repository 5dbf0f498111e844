// SPDX-License-Identifier: GPL-2.0
/* The shim's memory and RCU. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bug.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

struct kmem_cache {
	unsigned int size;
	size_t objects;
};

static unsigned int fail_in;
static size_t objects, bytes;

void shim_alloc_fail(unsigned int nth)
{
	fail_in = nth;
}

size_t shim_alloc_objects(void)
{
	return objects;
}

size_t shim_alloc_bytes(void)
{
	return bytes;
}

void *kmalloc(size_t size, gfp_t gfp)
{
	void *p;

	if (fail_in && !--fail_in)
		return NULL;
	p = malloc(size);
	WARN_ON(!p);
	memset(p, 0x5a, size);	/* nobody may count on zeroes */
	objects++;
	bytes += malloc_usable_size(p);
	return p;
}

void *kzalloc(size_t size, gfp_t gfp)
{
	void *p = kmalloc(size, gfp);

	return p ? memset(p, 0, size) : NULL;
}

void *kcalloc(size_t n, size_t size, gfp_t gfp)
{
	return kzalloc(n * size, gfp);
}

void kfree(const void *p)
{
	if (!p)
		return;
	objects--;
	bytes -= malloc_usable_size((void *)p);
	free((void *)p);
}

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     unsigned int flags, void (*ctor)(void *object))
{
	struct kmem_cache *cache = kzalloc(sizeof(*cache), GFP_KERNEL);

	WARN_ON(align || ctor);
	if (cache)
		cache->size = size;
	return cache;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	if (!cache)
		return;
	WARN_ON(cache->objects);
	kfree(cache);
}

void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	void *object = kmalloc(cache->size, gfp);

	if (object)
		cache->objects++;
	return object;
}

void *kmem_cache_zalloc(struct kmem_cache *cache, gfp_t gfp)
{
	void *object = kmem_cache_alloc(cache, gfp);

	return object ? memset(object, 0, cache->size) : NULL;
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	WARN_ON(!object || !cache->objects);
	cache->objects--;
	kfree(object);
}

unsigned int shim_rcu_readers;
void (*shim_rcu_reader)(void);
static struct rcu_head **waiting;
static size_t nr_waiting, room;

size_t shim_rcu_pending(void)
{
	return nr_waiting;
}

/* The heads are kept apart, so that what is in them stays for the callback to be checked. */
void call_rcu(struct rcu_head *head, rcu_callback_t func)
{
	if (nr_waiting == room) {
		room = room ? room * 2 : 64;
		waiting = realloc(waiting, room * sizeof(struct rcu_head *));
		WARN_ON(!waiting);
	}
	WARN_ON(head->func == func && head->next == head);	/* queued twice */
	head->next = head;
	head->func = func;
	waiting[nr_waiting++] = head;
}

void rcu_barrier(void)
{
	size_t i;

	WARN_ON(shim_rcu_readers);
	for (i = 0; i < nr_waiting; i++)
		waiting[i]->func(waiting[i]);
	free(waiting);
	waiting = NULL;
	nr_waiting = 0;
	room = 0;
}
