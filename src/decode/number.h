/* Numbers and times of an event, read exactly: without floating point. */
#ifndef NPSD_DECODE_NUMBER_H
#define NPSD_DECODE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

static inline bool npsd_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

#define NPSD_WHOLE_MAX 1000000000000000000u /* 10^18 or more */

/* A decimal number: (neg ? -1 : 1) * (whole + rest), 0 <= rest < 1 */
struct npsd_decimal {
	uint64_t whole; /* at most NPSD_WHOLE_MAX */
	bool neg;
	bool rest; /* not zero */
};

/* p is a valid JSON number, or digits; the result is its value times 10^scale. Thread: any */
struct npsd_decimal npsd_decimal(const char *p, uint32_t n, int scale);

/* The last minute that was read: most times of a stream are in the same minute as the one before. */
struct npsd_minute {
	char text[16]; /* `2026-11-22T21:04` */
	int64_t ms;    /* of text in UTC */
};
#define NPSD_MINUTE_INIT ((struct npsd_minute){"1970-01-01T00:00", 0})

/* RFC 3339 with Z or an offset; digits after the milliseconds are cut off. False: p is not. Thread: owner of
 * m */
bool npsd_time_text(struct npsd_minute *m, int64_t *ms, const char *p, uint32_t n);
/*
 * Epoch: p is a valid JSON number, or digits. An absolute value less than 10^11 is in seconds, otherwise in
 * ms; digits after the milliseconds are cut off, towards the past. False: 10^18 ms or more. Thread: any
 */
bool npsd_time_epoch(int64_t *ms, const char *p, uint32_t n);

#endif
