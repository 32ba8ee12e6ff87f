/*
 * A single-producer single-consumer ring of pointers with a fixed size (Concurrency Kit's). The producer owns
 * an item until the push, the consumer after the pop. One push and one pop may run at the same time; two
 * pushes or two pops may not.
 */
#ifndef NPSD_RING_H
#define NPSD_RING_H

#include <stdbool.h>
#include <stdint.h>

struct npsd_ring;

/* slots: a power of two, 4 to 65536; slots - 1 pointers fit. Thread: main; Owns: the caller frees */
struct npsd_ring *npsd_ring_new(uint32_t slots);
void npsd_ring_free(struct npsd_ring **r);
/* False: full. Thread: the one producer; Waits: never */
bool npsd_ring_push(struct npsd_ring *r, void *item);
/* NULL: empty. Thread: the one consumer; Waits: never */
void *npsd_ring_pop(struct npsd_ring *r);
/* May have changed by the time the caller reads it. Thread: any */
uint32_t npsd_ring_size_any(const struct npsd_ring *r);

#endif
