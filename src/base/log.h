/*
 * Log lines on standard error: `2026-11-22T21:04:05.123Z level component: text`. Nothing is logged per Kafka
 * message, and a caller limits the rate of a line that repeats (npsd_log_every).
 */
#ifndef NPSD_LOG_H
#define NPSD_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum npsd_level { NPSD_LOG_ERROR, NPSD_LOG_WARN, NPSD_LOG_INFO, NPSD_LOG_DEBUG };

/* Thread: any */
void npsd_log_level(enum npsd_level most);
/* Writes one line with one write(2), so that the lines of several threads do not mix. Thread: any */
void npsd_log(enum npsd_level level, const char *component, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* True at most once in every_ms. *last_mono_ms is 0 at first. Thread: owner */
static inline bool npsd_log_every(int64_t *last_mono_ms, int64_t now_mono_ms, int64_t every_ms)
{
	if (*last_mono_ms != 0 && now_mono_ms - *last_mono_ms < every_ms)
		return false;
	*last_mono_ms = now_mono_ms ? now_mono_ms : 1;
	return true;
}

#endif
