/*
 * Single-producer single-consumer ring of pointers (Concurrency Kit's, with a limit at birth). What travels
 * is owned by whoever holds it: the pointer's last user before the push, its first after the pop.
 *
 *              push  pop   (which calls may meet)
 *   push       no    yes
 *   pop        yes   no
 *
 * ThreadSanitizer does not see into the Kit; the push releases to the pop and, through the slot that comes
 * free, the pop releases to the push.
 */
#ifndef NPSD_RING_H
#define NPSD_RING_H

#include <stdbool.h>
#include <stdint.h>

struct npsd_ring;

/* slots: a power of two, 4 to 65536; slots - 1 pointers fit. Thread: main; Owns: the caller frees */
struct npsd_ring *npsd_ring_new(uint32_t slots);
void npsd_ring_free(struct npsd_ring **r);
/* False when full. Thread: the one producer; Waits: never */
bool npsd_ring_push(struct npsd_ring *r, void *item);
/* NULL when empty. Thread: the one consumer; Waits: never */
void *npsd_ring_pop(struct npsd_ring *r);
/* May be old by the time it is read. Thread: any */
uint32_t npsd_ring_size_any(const struct npsd_ring *r);

#endif
