/*
 * Atomics by the name of their order; nothing else in npsd touches <stdatomic.h>. Each release names, in a
 * comment, the acquire it pairs with.
 */
#ifndef NPSD_ATOMIC_H
#define NPSD_ATOMIC_H

#include <stdatomic.h>
#include <stdint.h>

#define npsd_load_relaxed(p) atomic_load_explicit((p), memory_order_relaxed)
#define npsd_load_acquire(p) atomic_load_explicit((p), memory_order_acquire)
#define npsd_store_relaxed(p, v) atomic_store_explicit((p), (v), memory_order_relaxed)
#define npsd_store_release(p, v) atomic_store_explicit((p), (v), memory_order_release)
#define npsd_exchange_acquire(p, v) atomic_exchange_explicit((p), (v), memory_order_acquire)
#define npsd_add_relaxed(p, v) atomic_fetch_add_explicit((p), (v), memory_order_relaxed)

/* Adds to a cell that has one writer: no locked instruction is needed, readers may see it late. */
#define npsd_bump_owner(p, v) npsd_store_relaxed((p), npsd_load_relaxed(p) + (v))

/* What two threads write lies so far apart (two lines: the neighbour is fetched with it). */
#define NPSD_APART __attribute__((aligned(128)))

#endif
