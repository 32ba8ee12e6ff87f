/* Numbers and times as they stand in an event, read exactly: no floating point. */
#ifndef NPSD_DECODE_NUMBER_H
#define NPSD_DECODE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#define NPSD_WHOLE_MAX 1000000000000000000u /* 10^18: so much or more */

/* A decimal number: (neg ? -1 : 1) * (whole + rest), 0 <= rest < 1 */
struct npsd_decimal {
	uint64_t whole; /* at most NPSD_WHOLE_MAX */
	bool neg;
	bool rest; /* not zero */
};

/* p is a valid JSON number, or digits; its value times 10^scale. Thread: any */
struct npsd_decimal npsd_decimal(const char *p, uint32_t n, int scale);

/* The minute read last: times of one stream share it more often than not. */
struct npsd_minute {
	char text[16]; /* `2026-11-22T21:04` */
	int64_t ms;    /* of text in UTC */
};
#define NPSD_MINUTE_INIT ((struct npsd_minute){"1970-01-01T00:00", 0})

/* RFC 3339 with Z or offset, digits behind milliseconds are cut off. False: it is not. Thread: owner of m */
bool npsd_time_text(struct npsd_minute *m, int64_t *ms, const char *p, uint32_t n);
/*
 * Epoch: p is a valid JSON number, or digits; below 10^11 in size it is in seconds, else in ms; what is
 * behind milliseconds is cut off (towards the past). False: beyond 10^18 ms. Thread: any
 */
bool npsd_time_epoch(int64_t *ms, const char *p, uint32_t n);

#endif
