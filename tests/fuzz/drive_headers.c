/* CloudEvents of seeded parts, each right or wrong, headers and bodies: drive_headers [SEED [INPUTS]] */
#include <stdio.h>
#include <stdlib.h>

#include "headers_same.h"

static const char *const contents[] = {"application/cloudevents+json", "application/cloudevents",
    "APPLICATION/CloudEvents; charset=utf-8", "application/cloudevents-batch+json", "application/json",
    "application/cloudevent", "", "\xff"};
static const char *const types[] = {"response.submitted", "response.updated", "response.retracted",
    "survey.invited", "survey.opened", "case.opened", "com.example.response.submitted", "", "\xc3"};
static const char *const subjects[] = {"r-1", "caf\xc3\xa9", "", "\xff", "\xed\xa0\x80",
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
    "0123456789012345678901234567",
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
    "01234567890123456789012345678"};
static const char *const times[] = {"2026-11-22T21:04:05Z", "1795381445", "1795381445000", "99999999999999",
    "2026-11-31T21:04:05Z", "soon", ""};
static const char *const members[] = {"\"specversion\":\"1.0\"", "\"specversion\":null",
    "\"type\":\"response.submitted\"", "\"type\":\"response.updated\"", "\"type\":\"survey.opened\"",
    "\"type\":null", "\"type\":7", "\"subject\":\"r-2\"", "\"subject\":\"\\u0000\"", "\"subject\":7",
    "\"subject\":null", "\"time\":\"2026-11-22T21:04:05Z\"", "\"time\":1795381445", "\"time\":true",
    "\"data\":null", "\"data\":[{}]", "\"data_base64\":\"e30=\"", "\"data_base64\":null",
    "\"response_id\":\"r-3\"", "\"response_id\":null", "\"invitation_id\":\"i-3\"", "\"at\":1795381444",
    "\"x\":{\"data\":{}}"};
static const char content[] = "\"score\":9,\"survey_kind\":\"other\",\"location\":\"a/b\"";

static uint64_t state;

static uint64_t below(uint64_t n) /* splitmix64 */
{
	uint64_t x = state += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return (x ^ x >> 31) % n;
}

#define ONE_OF(list) (list)[below(sizeof(list) / sizeof(list)[0])]

struct input {
	char p[8192];
	size_t n;
};

static void add(struct input *in, const char *text)
{
	size_t n = strlen(text);

	memcpy(in->p + in->n, text, n);
	in->n += n;
}

static void add_headers(struct input *in)
{
	uint8_t which = below(4) ? (uint8_t)below(16) : 0;

	in->p[in->n++] = (char)which;
	for (int i = 0; i < NPSD_NHEADER; i++) {
		const char *text = i == NPSD_HEADER_CONTENT_TYPE ? ONE_OF(contents)
				   : i == NPSD_HEADER_CE_TYPE	 ? ONE_OF(types)
				   : i == NPSD_HEADER_CE_SUBJECT ? ONE_OF(subjects)
								 : ONE_OF(times);
		if (!(which >> i & 1))
			continue;
		in->p[in->n++] = (char)strlen(text);
		add(in, text);
	}
}

static void add_members(struct input *in, bool envelope)
{
	const char *comma = "";

	for (uint64_t k = below(6); k > 0; k--) {
		add(in, comma);
		add(in, ONE_OF(members));
		comma = ",";
	}
	add(in, comma);
	if (!envelope) {
		add(in, content);
		return;
	}
	add(in, "\"data\":{");
	add_members(in, false);
	add(in, "}");
	for (uint64_t k = below(3); k > 0; k--) {
		add(in, ",");
		add(in, ONE_OF(members));
	}
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	long inputs = argc > 2 ? strtol(argv[2], NULL, 0) : 100000;
	struct readers *readers = readers_new();
	long told[NPSD_NREASON] = {0};

	printf("seed %llu, %ld inputs\n", (unsigned long long)seed, inputs);
	fflush(stdout);
	for (long i = 0; i < inputs; i++) {
		struct input in = {.n = 0};
		state = seed * 0x100000001b3u + (uint64_t)i;
		add_headers(&in);
		if (below(8) == 0)
			in.n += 5; /* a frame: zeros */
		add(&in, "{");
		add_members(&in, below(2));
		add(&in, "}");
		if (below(16) == 0)
			in.p[below(in.n)] = (char)below(256);
		told[headers_same(readers, in.p, in.n)]++;
	}
	for (int i = 0; i < NPSD_NREASON; i++)
		if (told[i] > 0)
			printf("%8ld %s\n", told[i], npsd_reason_names[i]);
	readers_free(readers);
	return 0;
}
