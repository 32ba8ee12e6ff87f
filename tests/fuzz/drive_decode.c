/* drive_decode [SEED [INPUTS]]: compare_decode() on seeded mutations of valid events. */
#include <stdio.h>

#include "compare_decode.h"
#include "drive.h"

static const char *const events[] = {
    "{\"type\":\"response.submitted\",\"response_id\":\"r-1\",\"score\":9,\"survey_kind\":\"transactional\","
    "\"location\":\"north/lisbon/"
    "unit-0042\",\"channel\":\"email\",\"responded_at\":\"2026-11-22T21:04:05.123Z\"}",
    " {\"response_id\" : \"caf\\u00e9-\\ud83d\\ude00\", \"type\": \"response.submitted\", \"score\": "
    "\"10\",\n"
    "\t\"survey_kind\": \"relational\", \"location\": \"a\\/b\", \"comment\": \"caf\xc3\xa9 \\\"\\\\ "
    "\xf0\x9f\x98\x80\","
    " \"themes\": [\"price\", \"wait\", \"\", \"price\"], \"at\": 1795381445.25, \"respondent_id\": "
    "\"x\\\\y\" } ",
    "{\"type\":\"response.submitted\",\"response_id\":\"3\",\"revision\":7,\"score\":1e1,\"scale\":[0,10.0],"
    "\"metric\":\"nps\",\"survey_kind\":\"other\",\"location\":\"//x//y/\",\"responded_at\":1795381445000,"
    "\"updated_at\":\"1795381446\",\"attributes\":{\"plan\":\"pro\",\"seat\":\"\\u0031\",\"x\":[{}]},"
    "\"excluded\":false}",
    "{\"type\":\"response.updated\",\"response_id\":\"3\",\"updated_at\":1795381446,\"comment\":\"b\"}",
    "{\"type\":\"response.retracted\",\"response_id\":\"3\",\"revision\":8}",
    "{\"type\":\"survey.invited\",\"invitation_id\":\"i-1\",\"survey_kind\":\"other\",\"location\":\"z\","
    "\"invited_at\":1795381445,\"channel\":\"sms\"}",
    "{\"specversion\":\"1.0\",\"type\":\"response.submitted\",\"subject\":\"r-7\",\"time\":\"2026-11-22T21:"
    "04:05Z\","
    "\"data\":{\"score\":3,\"survey_kind\":\"other\",\"location\":\"z\",\"comment\":\"\\u00e9\"},\"id\":"
    "\"e\"}",
    "{\"x\":[[],{},[{\"a\":[1,-2.5e-3,true,false,null,\"\\n\"]}]],\"type\":\"response.submitted\",\"score\":"
    "null,"
    "\"response_id\":\"4\",\"survey_kind\":\"other\",\"location\":\"z\",\"owner\":\"o\",\"team\":\"\"}",
};
enum { NEVENTS = sizeof events / sizeof events[0] };

static const char *const pieces[] = {"{", "}", "[", "]", ":", ",", "\"", "\\", "\\\\", "\\\"", "\\u",
    "\\u0000", "\\ud83d", "\\ude00", "\\ud83d\\ude00", "\\/", "null", "true", "false", "0", "1", "-", ".",
    "e", "E+", "1e999", "00", " ", "\n", "\t", "\r", "\x0c", "\x1a", "\x1f", "\x7f", "\x80", "\xc3",
    "\xc3\xa9", "\xed\xa0\x80", "\xef\xbb\xbf", "\xf0\x9f",
    "\"score\":", "\"response_id\":", "\"type\":\"response.submitted\",", "\"comment\":\"a\",",
    "{\"a\":", "[[[[[[[[", "]]]]]]]]", "                                                               "};
enum { NPIECES = sizeof pieces / sizeof pieces[0] };

static const char *const keys[] = {"type", "response_id", "invitation_id", "invited_at", "revision", "score",
    "scale", "metric", "survey_kind", "responded_at", "updated_at", "at", "location", "channel", "attributes",
    "themes", "respondent_id", "owner", "comment", "excluded", "specversion", "data", "data_base64",
    "subject", "time", "sc\\u006fre", "\\u0061t", "x"};

static const char *const values[] = {"null", "true", "false", "0", "-0", "10", "11", "9.0", "1e1", "95e-1",
    "1e999", "-1", "9223372036854775807", "9223372036854775808", "1795381445", "1795381445.123456",
    "1795381445000", "17953814450e2", "\"\"", "\"9\"", "\"-0\"", "\"09\"", "\"1795381445\"",
    "\"2026-11-22T21:04:05Z\"", "\"2026-11-22T23:04:05.5+02:00\"", "\"2026-02-29T00:00:00Z\"",
    "\"relational\"", "\"response.updated\"", "\"response.retracted\"", "\"survey.opened\"", "\"nps\"",
    "\"true\"", "\"/a//b\\/c/\"", "\"\\u0000\\ud83d\\ude00\"", "\"caf\xc3\xa9\"", "{\"score\":1}", "[]", "{}",
    "[0,10]", "[0.0,1e1,0]", "[\"a\",\"\",\"\\u0061\",\"b\"]", "[\"a\",7]", "{\"plan\":\"pro\"}",
    "{\"pl\\u0061n\":\"a\",\"seat\":7}"};

/* Adds a member at the end, where it replaces any other of its name. */
static void add_member(struct drive_input *in)
{
	char member[128];
	size_t end = in->n;
	int n = snprintf(member, sizeof member, ",\"%s\":%s", DRIVE_ONE_OF(keys), DRIVE_ONE_OF(values));

	while (end > 0 && in->p[end - 1] != '}')
		end--;
	if (end > 0)
		drive_splice(in, end - 1, end - 1, member, (size_t)n);
}

/* Replaces the rest of the input by the end of another event. */
static void graft(struct drive_input *in)
{
	const char *other = DRIVE_ONE_OF(events);
	size_t from = (size_t)drive_below(strlen(other) + 1);

	drive_splice(in, (size_t)drive_below(in->n + 1), in->n, other + from, strlen(other) - from);
}

static void mutate(struct drive_input *in)
{
	uint64_t what = drive_below(14);

	if (what == 0)
		graft(in);
	else if (what < 7)
		drive_mutate(in, pieces, NPIECES);
	else
		add_member(in);
}

int main(int argc, char **argv)
{
	struct drive d = drive_begin(argc, argv, 200000);
	struct readers *readers = readers_new();
	long seen[NPSD_NREASON] = {0};

	for (int i = 0; i < NEVENTS; i++)
		npsd_assert(compare_decode(readers, events[i], strlen(events[i])) == NPSD_R_ok);
	while (drive_next(&d)) {
		struct drive_input in = {.n = 0};

		drive_addz(&in, DRIVE_ONE_OF(events));
		for (uint64_t k = 1 + drive_below(4); k > 0; k--)
			mutate(&in);
		seen[compare_decode(readers, in.p, in.n)]++;
	}
	compare_decode_report(seen);
	readers_free(readers);
	return 0;
}
