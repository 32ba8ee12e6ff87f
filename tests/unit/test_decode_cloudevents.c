/* CloudEvents 1.0: which record is one, where its event is, and which fields its attributes replace. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "help_decode.h"

#define NOW 1795381445000 /* 2026-11-22T21:04:05Z, the record's timestamp */
#define REST "\"score\":9,\"survey_kind\":\"other\",\"location\":\"a\""
#define EVENT "{\"type\":\"response.submitted\",\"response_id\":\"r1\"," REST "}"
#define ENVELOPE "\"specversion\":\"1.0\",\"id\":\"e1\",\"source\":\"/s\""

struct row {
	const char *name;
	struct npsd_headers headers;
	const char *json;
	const char *expect; /* a part of the result */
};
#define NONE                                                                                                 \
	{                                                                                                    \
		{                                                                                            \
			{NULL, 0}, {NULL, 0}, {NULL, 0},                                                     \
			{                                                                                    \
				NULL, 0                                                                      \
			}                                                                                    \
		}                                                                                            \
	}
#define ANNOUNCED                                                                                            \
	{                                                                                                    \
		{                                                                                            \
			{"application/cloudevents+json; charset=utf-8", 43}, {NULL, 0}, {NULL, 0},           \
			{                                                                                    \
				NULL, 0                                                                      \
			}                                                                                    \
		}                                                                                            \
	}
#define CE(i, text)                                                                                          \
	{                                                                                                    \
		.value[NPSD_HEADER_CE_##i] = {(text), sizeof(text) - 1 }                                     \
	}

static struct readers *readers;

static void set_up(void)
{
	readers = readers_new();
}

static void tear_down(void)
{
	readers_free(readers);
}

TestSuite(decode_cloudevents, .init = set_up, .fini = tear_down);

static void check(const struct row *t)
{
	struct npsd_verdict v;
	const char *differ;

	readers->headers = &t->headers;
	differ = readers_decode(readers, &v, t->json, strlen(t->json), NOW, false);
	cr_expect(!differ, "%s: %s", t->name, differ);
	cr_expect(
	    strstr(readers->text[0], t->expect), "%s: %s is not in %s", t->name, t->expect, readers->text[0]);
}

#define CHECK(rows)                                                                                          \
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows)[0]; i++)                                          \
	check(&(rows)[i])

Test(decode_cloudevents, structured_or_bare)
{
	static const struct row rows[] = {
	    {"by specversion", NONE, "{" ENVELOPE ",\"data\":" EVENT "}", "id=r1;type=0;"},
	    {"data first", NONE, "{\"data\":" EVENT "," ENVELOPE "}", "id=r1;type=0;"},
	    {"no specversion is bare", NONE, "{\"data\":" EVENT "}", "unknown_type 0 type"},
	    {"specversion null is bare", NONE, "{\"specversion\":null,\"data\":" EVENT "}",
		"unknown_type 0 type"},
	    {"no data is bare", NONE,
		"{\"specversion\":\"1.0\",\"type\":\"response.submitted\",\"response_id\":\"r2\"," REST "}",
		"id=r2;"},
	    {"data no object is bare", NONE,
		"{\"specversion\":\"1.0\",\"data\":[1],\"type\":\"response.submitted\",\"response_id\":"
		"\"r2\"," REST "}",
		"id=r2;"},
	    {"base64 is bare", NONE, "{\"specversion\":\"1.0\",\"data_base64\":\"e30=\"}",
		"unknown_type 0 type"},
	    {"the last data counts", NONE,
		"{" ENVELOPE ",\"data\":{\"type\":\"x\",\"channel\":\"sms\"},\"data\":" EVENT "}",
		"responded=0;location=a;themes"},
	    {"the last data is none", NONE,
		"{" ENVELOPE ",\"data\":" EVENT ",\"data\":1,\"type\":\"survey.opened\"}",
		"no_id 0 invitation_id"},
	    {"key escaped", NONE, "{" ENVELOPE ",\"d\\u0061ta\":" EVENT "}", "id=r1;type=0;"},
	    {"data in data is nothing", NONE,
		"{" ENVELOPE ",\"data\":{\"specversion\":\"1.0\",\"data\":" EVENT "}}",
		"unknown_type 52 type"},
	    {"by header", ANNOUNCED, "{\"data\":" EVENT "}", "id=r1;type=0;"},
	    {"by header, whatever its case",
		{{{"Application/CloudEvents", 23}, {NULL, 0}, {NULL, 0}, {NULL, 0}}}, "{\"data\":" EVENT "}",
		"id=r1;type=0;"},
	    {"another content type", {{{"application/json", 16}, {NULL, 0}, {NULL, 0}, {NULL, 0}}}, EVENT,
		"id=r1;"},
	    {"only the beginning of the word",
		{{{"application/cloudevent", 22}, {NULL, 0}, {NULL, 0}, {NULL, 0}}}, EVENT, "id=r1;"},
	};

	CHECK(rows);
}

Test(decode_cloudevents, told_by_header_it_must_hold_an_event)
{
	static const struct row rows[] = {
	    {"no data", ANNOUNCED, EVENT, "bad_json 0 data"},
	    {"null", ANNOUNCED, "{\"data\":null}", "bad_json 8 data"},
	    {"text", ANNOUNCED, "{\"data\":\"x\"}", "bad_json 8 data"},
	    {"array", ANNOUNCED, " {\"data\":[" EVENT "]}", "bad_json 9 data"},
	    {"base64", ANNOUNCED, "{\"data_base64\":\"e30=\",\"data\":" EVENT "}", "bad_json 15 data_base64"},
	    {"base64 null", ANNOUNCED, "{\"data_base64\":null,\"data\":" EVENT "}", "id=r1;"},
	    {"a batch", ANNOUNCED, "[{\"data\":" EVENT "}]", "bad_json 0 -"},
	    {"no JSON", ANNOUNCED, "{\"data\":", "bad_json 8 -"},
	};

	CHECK(rows);
}

Test(decode_cloudevents, envelope_stands_in)
{
	static const struct row rows[] = {
	    {"type, subject, time", NONE,
		"{" ENVELOPE
		",\"type\":\"response.submitted\",\"subject\":\"r3\",\"time\":\"2026-11-22T21:04:00Z\","
		"\"data\":{" REST "}}",
		"id=r3;type=0;revision=0;score=9;kind=3;default=0;event=1795381440000;updated=none;undated=0;"
		"responded=0;"},
	    {"body wins", NONE,
		"{" ENVELOPE
		",\"type\":\"x\",\"subject\":7,\"time\":\"x\",\"data\":{\"type\":\"response.submitted\","
		"\"response_id\":\"r1\",\"responded_at\":5," REST "}}",
		"id=r1;type=0;revision=0;score=9;kind=3;default=0;event=5000;"},
	    {"null is not mentioned", NONE,
		"{" ENVELOPE
		",\"type\":\"response.submitted\",\"subject\":\"r3\",\"time\":9,\"data\":{\"type\":null,"
		"\"response_id\":null,\"at\":null," REST "}}",
		"id=r3;type=0;revision=0;score=9;kind=3;default=0;event=9000;"},
	    {"updated_at before time", NONE,
		"{" ENVELOPE
		",\"type\":\"response.updated\",\"subject\":\"r3\",\"time\":9,\"data\":{\"updated_at\":8}}",
		"event=8000;updated=8000;undated=0;"},
	    {"invitation", NONE,
		"{" ENVELOPE ",\"type\":\"survey.opened\",\"subject\":\"i3\",\"time\":9,\"data\":{\"response_"
		"id\":\"r1\"," REST "}}",
		"id=i3;type=5;"},
	    {"invited_at before time", NONE,
		"{" ENVELOPE
		",\"type\":\"survey.opened\",\"subject\":\"i3\",\"time\":9,\"data\":{\"invited_at\":8," REST
		"}}",
		"event=8000;"},
	    {"retraction", NONE,
		"{" ENVELOPE ",\"type\":\"response.retracted\",\"subject\":\"r3\",\"time\":9,\"data\":{}}",
		"id=r3;type=2;revision=0;score=-2;kind=0;default=0;event=9000;"},
	    {"nothing else of it is looked at", NONE,
		"{" ENVELOPE ",\"score\":3,\"channel\":7,\"response_id\":\"x\",\"excluded\":true,\"metric\":"
		"\"csat\",\"data\":" EVENT "}",
		"id=r1;type=0;revision=0;score=9;"},
	    {"no data schema is asked", NONE, "{\"specversion\":7,\"data\":" EVENT "}", "id=r1;"},
	    {"type is none", NONE, "{\"specversion\":\"1.0\",\"type\":7,\"data\":{}}",
		"unknown_type 28 type"},
	    {"type is not counted", NONE, "{\"specversion\":\"1.0\",\"type\":\"case.opened\",\"data\":{}}",
		"not_counted 28 type"},
	    {"subject is none", NONE,
		"{\"subject\":\"\",\"specversion\":1,\"data\":{\"type\":\"response.updated\"}}",
		"no_id 11 subject"},
	    {"no id", NONE, "{\"specversion\":1,\"data\":{\"type\":\"response.updated\"}}",
		"no_id 24 response_id"},
	    {"time is none", NONE,
		"{\"time\":\"now\",\"specversion\":1,\"data\":{\"type\":\"response.updated\",\"response_id\":"
		"\"r1\"}}",
		"no_time 8 time"},
	    {"time is to come", NONE,
		"{\"time\":9e9,\"specversion\":1,\"data\":{\"type\":\"response.updated\",\"response_id\":"
		"\"r1\"}}",
		"future 8 time"},
	    {"headers are not its", CE(SUBJECT, "r9"),
		"{" ENVELOPE ",\"type\":\"response.submitted\",\"data\":{" REST "}}", "no_id 80 response_id"},
	};

	CHECK(rows);
}

#define BODY "{\"type\":\"response.submitted\",\"response_id\":\"r1\",\"at\":5," REST "}"

Test(decode_cloudevents, headers_stand_in)
{
	static const struct row rows[] = {
	    {"all", {{{NULL, 0}, {"response.submitted", 18}, {"r4", 2}, {"2026-11-22T21:04:00Z", 20}}},
		"{" REST "}",
		"id=r4;type=0;revision=0;score=9;kind=3;default=0;event=1795381440000;updated=none;undated=0;"
		"responded=0;"},
	    {"with a content type", {{{"application/json", 16}, {"survey.bounced", 14}, {"i4", 2}, {"9", 1}}},
		"{" REST "}", "id=i4;type=7;revision=0;score=-2;kind=3;default=0;event=9000;"},
	    {"body wins", {{{NULL, 0}, {"x", 1}, {"\xff", 1}, {"x", 1}}}, BODY, "id=r1;type=0;"},
	    {"type is none", CE(TYPE, ""), "{}", "unknown_type 0 ce_type"},
	    {"type is not counted", CE(TYPE, "case.opened"), " {}", "not_counted 1 ce_type"},
	    {"subject is empty", CE(SUBJECT, ""), "{\"type\":\"response.updated\"}", "no_id 0 ce_subject"},
	    {"subject is no UTF-8", CE(SUBJECT, "a\xc3"), "{\"type\":\"response.updated\"}",
		"no_id 0 ce_subject"},
	    {"subject holds a zero", CE(SUBJECT, "a\0b"), "{\"type\":\"response.updated\"}", "id=a\\x00b;"},
	    {"time is none", CE(TIME, ""), "{\"type\":\"response.updated\",\"response_id\":\"r\"}",
		"no_time 0 ce_time"},
	    {"time is no number", CE(TIME, "1.5"), "{\"type\":\"response.updated\",\"response_id\":\"r\"}",
		"no_time 0 ce_time"},
	    {"time is not used", CE(TIME, "x"), BODY, "event=5000;"},
	    {"time is to come", CE(TIME, "9000000000"),
		"{\"type\":\"response.updated\",\"response_id\":\"r\"}", "future 0 ce_time"},
	    {"body is bare", CE(TYPE, "response.submitted"), "{\"data\":" EVENT "}", "no_id 0 response_id"},
	    {"body must be JSON", CE(TYPE, "response.submitted"), "9", "bad_json 0 -"},
	};

	CHECK(rows);
}

/* Any of them may follow the frame of five bytes; positions include it. */
Test(decode_cloudevents, framed)
{
	static const struct row rows[] = {
	    {"structured", NONE, "{" ENVELOPE ",\"data\":" EVENT "}", "id=r1;type=0;"},
	    {"announced", ANNOUNCED, "{\"data\":1}", "bad_json 13 data"},
	    {"binary", CE(TYPE, "response.submitted"), "{\"response_id\":\"r1\"," REST "}", "id=r1;type=0;"},
	    {"attribute", NONE, "{\"specversion\":\"1.0\",\"type\":7,\"data\":{}}", "unknown_type 33 type"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct npsd_verdict v;
		char value[512] = {0, 0, 0, 0, 7};
		size_t n = 5 + (size_t)sprintf(value + 5, "%s", rows[i].json);
		const char *differ;

		readers->headers = &rows[i].headers;
		differ = readers_decode(readers, &v, value, n, NOW, false);
		cr_expect(!differ, "%s: %s", rows[i].name, differ);
		cr_expect(strstr(readers->text[0], rows[i].expect), "%s: %s", rows[i].name, readers->text[0]);
	}
}

/* An id of 128 bytes is accepted and one of 129 is refused, in a header and in an envelope. */
Test(decode_cloudevents, longest_subject)
{
	char subject[130], json[512];
	struct npsd_headers headers = {0};
	struct npsd_verdict v;

	memset(subject, 'a', sizeof subject);
	for (uint32_t n = 128; n <= 129; n++) {
		enum npsd_reason reason = n == 128 ? NPSD_R_ok : NPSD_R_no_id;
		static const char body[] = "{\"type\":\"response.updated\"}";
		headers.value[NPSD_HEADER_CE_SUBJECT] = (struct npsd_str){subject, n};
		readers->headers = &headers;
		cr_expect(!readers_decode(readers, &v, body, sizeof body - 1, NOW, false));
		cr_expect_eq(v.reason, reason, "header of %u: %s", n, readers->text[0]);
		readers->headers = NULL;
		int len =
		    sprintf(json, "{" ENVELOPE ",\"subject\":\"%.*s\",\"data\":%s}", (int)n, subject, body);
		cr_expect(!readers_decode(readers, &v, json, (size_t)len, NOW, false));
		cr_expect_eq(v.reason, reason, "envelope of %u: %s", n, readers->text[0]);
	}
}
