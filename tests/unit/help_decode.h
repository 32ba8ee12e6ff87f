/* Decodes with every source of tokens: each kernel that this processor runs, and exact passes. All must
 * agree. */
#ifndef HELP_DECODE_H
#define HELP_DECODE_H

#include "npsd/decode.h"

#define READERS_MAX 8

struct readers {
	struct npsd_config cfg;
	struct npsd_decoder *decoder[READERS_MAX];
	char name[READERS_MAX][32]; /* [0] is "exact" */
	int n;
	char *page, *end; /* no byte at or after `end` can be read */
	size_t room;
	char text[READERS_MAX][65536];	    /* the result of each */
	int32_t topic;			    /* of the next record */
	const struct npsd_headers *headers; /* of the next record; NULL: none */
	struct npsd_event ev; /* of the exact decoder, if it accepted the record; until the next call */
};

/* The configuration has defaults and the attributes plan and seat. */
struct readers *readers_new(void);
void readers_free(struct readers *r);
/*
 * Decodes with all, in memory that ends where the value ends. NULL if all agree, otherwise a text that names
 * one that differs. r->text[0] is the result: `reason at field`, or every value as `name=value;`.
 */
const char *readers_decode(
    struct readers *r, struct npsd_verdict *v, const char *value, size_t len, int64_t record_ms, bool ahead);

#endif
