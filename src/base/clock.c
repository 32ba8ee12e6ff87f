#include "npsd/clock.h"

#include <sys/random.h>
#include <time.h>

#include "npsd/err.h"

static int64_t read_ms(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t system_wall_ms(void *self)
{
	(void)self;
	return read_ms(CLOCK_REALTIME);
}

static int64_t system_mono_ms(void *self)
{
	(void)self;
	return read_ms(CLOCK_MONOTONIC);
}

static uint64_t system_random(void *self)
{
	uint64_t x;

	(void)self;
	npsd_assert(getrandom(&x, sizeof x, 0) == sizeof x);
	return x;
}

const struct npsd_clock npsd_clock_system = {
    .wall_ms = system_wall_ms,
    .mono_ms = system_mono_ms,
    .random = system_random,
};
