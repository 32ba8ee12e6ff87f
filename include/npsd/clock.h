/* Time is an argument, so that a test runs a year of windows in a second. */
#ifndef NPSD_CLOCK_H
#define NPSD_CLOCK_H

#include <stdint.h>

struct npsd_clock {
	void *self;
	int64_t (*wall_ms)(void *self); /* Unix time; may jump. Thread: any */
	int64_t (*mono_ms)(void *self); /* never goes back. Thread: any */
	uint64_t (*random)(void *self); /* for claims and jitter. Thread: any */
};

static inline int64_t npsd_mono_ms(const struct npsd_clock *clock)
{
	return clock->mono_ms(clock->self);
}

/* The operating system's clock. Thread: any */
extern const struct npsd_clock npsd_clock_system;

#endif
