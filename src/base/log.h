/*
 * Lines for the operator, on standard error: `2026-11-22T21:04:05.123Z level room: text`. Never per message
 * of Kafka. A line that repeats is the caller's to rate-limit (npsd_log_every).
 */
#ifndef NPSD_LOG_H
#define NPSD_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum npsd_level { NPSD_LOG_ERROR, NPSD_LOG_WARN, NPSD_LOG_INFO, NPSD_LOG_DEBUG };

/* Thread: main, before the others start */
void npsd_log_level(enum npsd_level most);
/* One line, written by one write(2), so that lines of several threads do not mix. Thread: any */
void npsd_log(enum npsd_level level, const char *room, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* True at most once per ms of monotonic time; *last is the caller's, 0 at first. Thread: owner */
static inline bool npsd_log_every(int64_t *last, int64_t now_ms, int64_t ms)
{
	if (*last != 0 && now_ms - *last < ms)
		return false;
	*last = now_ms ? now_ms : 1;
	return true;
}

#endif
