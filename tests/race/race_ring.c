/*
 * race_ring: items circulate through two rings, as batches do: full ones to the consumer, empty ones back.
 * Their holder writes them with plain stores.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#include "base/ring.h"
#include "npsd/err.h"

#define ITEMS 3u
#define ROUNDS 100000u

struct item {
	uint32_t round;
	uint32_t copy[8]; /* all equal to round while full */
};

static struct item items[ITEMS];
static struct npsd_ring *full, *empty;

static struct item *wait_pop(struct npsd_ring *r)
{
	struct item *item;

	while (!(item = npsd_ring_pop(r)))
		sched_yield();
	return item;
}

static void wait_push(struct npsd_ring *r, struct item *item)
{
	while (!npsd_ring_push(r, item))
		sched_yield();
}

static void *consume(void *arg)
{
	(void)arg;
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		struct item *item = wait_pop(full);

		npsd_assert(item->round == round);
		for (int i = 0; i < 8; i++) {
			npsd_assert(item->copy[i] == round);
			item->copy[i] = 0;
		}
		wait_push(empty, item);
	}
	return NULL;
}

int main(void)
{
	pthread_t consumer;

	full = npsd_ring_new(4);
	empty = npsd_ring_new(4);
	for (uint32_t i = 0; i < ITEMS; i++)
		npsd_assert(npsd_ring_push(empty, &items[i]));
	npsd_assert(pthread_create(&consumer, NULL, consume, NULL) == 0);
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		struct item *item = wait_pop(empty);

		item->round = round;
		for (int i = 0; i < 8; i++) {
			npsd_assert(item->copy[i] == 0);
			item->copy[i] = round;
		}
		npsd_assert(npsd_ring_size_any(full) < 4);
		wait_push(full, item);
	}
	pthread_join(consumer, NULL);
	npsd_assert(npsd_ring_size_any(full) == 0 && npsd_ring_size_any(empty) == ITEMS);
	npsd_ring_free(&full);
	npsd_ring_free(&empty);
	puts("ok");
	return 0;
}
