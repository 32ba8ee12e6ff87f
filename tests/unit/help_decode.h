/* Every way of decoding at once: each kernel that this processor runs, and byte by byte. All must say the
 * same. */
#ifndef HELP_DECODE_H
#define HELP_DECODE_H

#include "npsd/decode.h"

#define READERS_MAX 8

struct readers {
	struct npsd_config cfg;
	struct npsd_decoder *decoder[READERS_MAX];
	char name[READERS_MAX][32]; /* [0] is "exact" */
	int n;
	char *page, *end; /* bytes up to `end` may be read, not one more */
	size_t room;
	char text[READERS_MAX][65536];	    /* what each has said */
	int32_t topic;			    /* of the next record */
	const struct npsd_headers *headers; /* of the next record; NULL: none */
	struct npsd_event ev;		    /* of the first, where it was accepted; until the next call */
};

/* A configuration by hand: defaults, and the attributes plan and seat. */
struct readers *readers_new(void);
void readers_free(struct readers *r);
/*
 * Decodes by all, in memory that ends where the value ends. NULL where all agree, else a text that says who
 * does not. r->text[0] is then what they said: `reason at field` of a refusal, else every value as
 * `name=value;`.
 */
const char *readers_decode(
    struct readers *r, struct npsd_verdict *v, const char *value, size_t len, int64_t record_ms, bool ahead);

#endif
