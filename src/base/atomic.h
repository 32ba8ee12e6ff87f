/*
 * Atomics, named by their memory order; no other file includes <stdatomic.h>. A comment at each release names
 * the acquire that it pairs with.
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

/* Adds to a cell that has one writer, without a locked instruction. */
#define npsd_bump_owner(p, v) npsd_store_relaxed((p), npsd_load_relaxed(p) + (v))

/* Separates what different threads write: two cache lines, since the processor fetches pairs. */
#define NPSD_APART __attribute__((aligned(128)))

#endif
