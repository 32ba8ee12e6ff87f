#include "base/ring.h"

#include <ck_ring.h>
#include <stdlib.h>

#include "npsd/err.h"

#if defined(__SANITIZE_THREAD__)
#define NPSD_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define NPSD_TSAN 1
#endif
#endif
#ifdef NPSD_TSAN
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
#else
#define __tsan_acquire(p) (void)(p)
#define __tsan_release(p) (void)(p)
#endif

struct npsd_ring {
	ck_ring_t ck;
	ck_ring_buffer_t *slots;
	/* ThreadSanitizer does not see into ck_ring; these addresses show it the order */
	char pushed; /* push releases, pop acquires */
	char popped; /* pop releases, push acquires */
};

struct npsd_ring *npsd_ring_new(uint32_t slots)
{
	struct npsd_ring *r = calloc(1, sizeof *r);

	npsd_assert(r && slots >= 4 && slots <= 65536 && (slots & (slots - 1)) == 0);
	r->slots = calloc(slots, sizeof *r->slots);
	npsd_assert(r->slots);
	ck_ring_init(&r->ck, slots);
	return r;
}

void npsd_ring_free(struct npsd_ring **r)
{
	if (*r) {
		free((*r)->slots);
		free(*r);
	}
	*r = NULL;
}

bool npsd_ring_push(struct npsd_ring *r, void *item)
{
	__tsan_acquire(&r->popped);
#ifndef NPSD_BREAK_RELEASE_RING /* the race test leaves it out to show that it would be found */
	__tsan_release(&r->pushed);
#endif
	return ck_ring_enqueue_spsc(&r->ck, r->slots, item);
}

void *npsd_ring_pop(struct npsd_ring *r)
{
	void *item = NULL;

	if (!ck_ring_dequeue_spsc(&r->ck, r->slots, &item))
		return NULL;
	__tsan_acquire(&r->pushed);
	__tsan_release(&r->popped);
	return item;
}

uint32_t npsd_ring_size_any(const struct npsd_ring *r)
{
	return ck_ring_size(&r->ck);
}
