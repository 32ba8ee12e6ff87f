/* drive_headers [SEED [INPUTS]]: compare_headers() on CloudEvents of valid and invalid parts, in headers and
 * bodies. */
#include <stdio.h>

#include "drive.h"
#include "compare_headers.h"

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

static void add_headers(struct drive_input *in)
{
	uint8_t which = drive_below(4) ? (uint8_t)drive_below(16) : 0;

	in->p[in->n++] = (char)which;
	for (int i = 0; i < NPSD_NHEADER; i++) {
		const char *text = i == NPSD_HEADER_CONTENT_TYPE ? DRIVE_ONE_OF(contents)
				   : i == NPSD_HEADER_CE_TYPE	 ? DRIVE_ONE_OF(types)
				   : i == NPSD_HEADER_CE_SUBJECT ? DRIVE_ONE_OF(subjects)
								 : DRIVE_ONE_OF(times);
		if (!(which >> i & 1))
			continue;
		in->p[in->n++] = (char)strlen(text);
		drive_addz(in, text);
	}
}

static void add_members(struct drive_input *in, bool envelope)
{
	const char *comma = "";

	for (uint64_t k = drive_below(6); k > 0; k--) {
		drive_addz(in, comma);
		drive_addz(in, DRIVE_ONE_OF(members));
		comma = ",";
	}
	drive_addz(in, comma);
	if (!envelope) {
		drive_addz(in, content);
		return;
	}
	drive_addz(in, "\"data\":{");
	add_members(in, false);
	drive_addz(in, "}");
	for (uint64_t k = drive_below(3); k > 0; k--) {
		drive_addz(in, ",");
		drive_addz(in, DRIVE_ONE_OF(members));
	}
}

int main(int argc, char **argv)
{
	struct drive d = drive_begin(argc, argv, 100000);
	struct readers *readers = readers_new();
	long seen[NPSD_NREASON] = {0};

	while (drive_next(&d)) {
		struct drive_input in = {.n = 0};

		add_headers(&in);
		if (drive_below(8) == 0)
			drive_add(&in, "\0\0\0\0", 5); /* a frame */
		drive_addz(&in, "{");
		add_members(&in, drive_below(2));
		drive_addz(&in, "}");
		if (drive_below(16) == 0)
			in.p[drive_below(in.n)] = (char)drive_below(256);
		seen[compare_headers(readers, in.p, in.n)]++;
	}
	compare_decode_report(seen);
	readers_free(readers);
	return 0;
}
