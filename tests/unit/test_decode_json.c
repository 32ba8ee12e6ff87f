/* Valid and invalid documents, and the position of the error, with every kernel. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "help_decode.h"

#define NOW 1795381445000 /* 2026-11-22T21:04:05Z */
#define HEAD                                                                                                 \
	"{\"type\":\"response.submitted\",\"response_id\":\"r1\",\"score\":9,\"survey_kind\":"               \
	"\"transactional\","                                                                                 \
	"\"location\":\"north/lisbon\""
#define WITH(more) HEAD "," more "}"

static struct readers *readers;

static void set_up(void)
{
	readers = readers_new();
}

static void tear_down(void)
{
	readers_free(readers);
}

TestSuite(decode_json, .init = set_up, .fini = tear_down);

static void check(const char *name, const char *json, size_t n, enum npsd_reason reason, uint32_t at)
{
	struct npsd_verdict v;
	const char *differ = readers_decode(readers, &v, json, n, NOW, false);

	cr_expect(!differ, "%s: %s", name, differ);
	cr_expect_eq(v.reason, reason, "%s: %s", name, readers->text[0]);
	if (reason != NPSD_R_ok)
		cr_expect_eq(v.at, at, "%s: at %u, not %u", name, v.at, at);
}

/* The mark `@` is removed; the expected position is that of the byte after it. */
static void check_marked(const char *name, const char *json, enum npsd_reason reason)
{
	char text[4096];
	const char *mark = strchr(json, '@');
	size_t before = mark ? (size_t)(mark - json) : strlen(json);

	memcpy(text, json, before);
	strcpy(text + before, mark ? mark + 1 : "");
	check(name, text, strlen(text), reason, (uint32_t)before);
}

struct row {
	const char *name, *json;
};

#define CHECK(rows, reason)                                                                                  \
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows)[0]; i++)                                          \
	check_marked((rows)[i].name, (rows)[i].json, reason)

Test(decode_json, accepted)
{
	static const struct row rows[] = {
	    {"plain", HEAD "}"},
	    {"white space", " \t\r\n" WITH("\n\"x\"\t:\r1 , \"y\" : [ ] ") " \n\t\r "},
	    {"numbers of any size",
		WITH("\"x\":1e999,\"y\":-1E-999,\"z\":[123456789012345678901234567890,0.0e0,-0]")},
	    {"literals", WITH("\"x\":[true,false,null,{},[],{\"a\":null}]")},
	    {"escapes",
		WITH("\"x\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uD834\\udd1e\\uFFFF\\ue000\\ud7ff\"")},
	    {"backslashes before a quote", WITH("\"x\":\"\\\\\",\"y\":\"\\\\\\\\\"")},
	    {"brackets in strings", WITH("\"x\":\"]}[{:,\\\"\"")},
	    {"DEL and above", WITH("\"x\":\"\x7f\xc2\x80\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\"")},
	    {"BOM in a string", WITH("\"x\":\"\xef\xbb\xbf\"")},
	    {"empty key", WITH("\"\":1,\"\":2")},
	    {"long key", WITH("\"response_id_and_more_than_sixteen\":1,\"\\u0072esponse_id_and_more\":2")},
	    {"escaped key",
		"{\"\\u0074ype\":\"response.submitted\",\"response\\u005fid\":\"r\",\"sc\\u006fre\":1,"
		"\"survey_kind\":\"other\",\"location\":\"a\"}"},
	    {"last of equal keys",
		"{\"type\":5,\"t\\u0079pe\":\"response.submitted\",\"response_id\":[],\"response_id\":"
		"\"r\",\"score\":\"x\",\"score\":1,\"survey_kind\":\"other\",\"location\":\"a\"}"},
	    {"noncharacter", WITH("\"x\":\"\\uffff\xef\xbf\xbf\"")},
	};

	CHECK(rows, NPSD_R_ok);
}

Test(decode_json, refused_documents)
{
	static const struct row rows[] = {
	    {"nothing", "@"},
	    {"white space", "  \n @"},
	    {"array", "@[{}]"},
	    {"string", "@\"a\""},
	    {"number", " @1"},
	    {"null", "@null"},
	    {"BOM", "@\xef\xbb\xbf{}"},
	    {"two brackets", "{\"a\":1}@}"},
	    {"two documents", HEAD "} @{}"},
	    {"comma after", HEAD "}@,"},
	    {"zero byte after", HEAD "}@\x01"},
	    {"cut", HEAD "@"},
	    {"cut in a string", "{\"a\":\"bc@"},
	    {"cut in an escape", "{\"a\":\"bc@\\"},
	    {"cut after a key", "{\"a\" @"},
	    {"cut after a colon", "{\"a\":@"},
	    {"cut in a word", "{\"a\":tru@"},
	    {"cut in a number", "{\"a\":-@"},
	    {"cut in an array", "{\"a\":[1,@"},
	    {"comma at the end", "{\"a\":1,@}"},
	    {"comma at first", "{@,\"a\":1}"},
	    {"two commas", "{\"a\":1,@,\"b\":1}"},
	    {"no comma", "{\"a\":1 @\"b\":1}"},
	    {"no colon", "{\"a\" @1}"},
	    {"two colons", "{\"a\":@:1}"},
	    {"key without quotes", "{@a:1}"},
	    {"single quotes", "{@'a':1}"},
	    {"number for a key", "{@1:1}"},
	    {"no value", "{\"a\":@}"},
	    {"array: comma at the end", "{\"a\":[1,@]}"},
	    {"array: comma at first", "{\"a\":[@,1]}"},
	    {"array: colon", "{\"a\":[\"b\"@:1]}"},
	    {"wrong bracket", "{\"a\":[1@}}"},
	    {"other wrong bracket", "{\"a\":1@]}"},
	    {"comment", "{\"a\":1 @/* b */}"},
	};

	CHECK(rows, NPSD_R_bad_json);
	check("zero byte", "{\"a\":1\0}", 8, NPSD_R_bad_json, 6);
}

Test(decode_json, refused_scalars)
{
	static const struct row rows[] = {
	    {"leading zero", "{\"a\":0@1}"},
	    {"plus", "{\"a\":@+1}"},
	    {"point at first", "{\"a\":@.5}"},
	    {"point at last", "{\"a\":5.@}"},
	    {"no exponent", "{\"a\":5e@}"},
	    {"no exponent after a sign", "{\"a\":5e+@}"},
	    {"minus", "{\"a\":-@}"},
	    {"hexadecimal", "{\"a\":0@x10}"},
	    {"NaN", "{\"a\":@NaN}"},
	    {"word runs on", "{\"a\":true@x}"},
	    {"word in capitals", "{\"a\":@True}"},
	    {"word half", "{\"a\":nul@,\"b\":1}"},
	    {"number, then a quote", "{\"a\":1@\"b\"}"},
	    {"word, then a bracket", "{\"a\":true@{}}"},
	    {"string, then a letter", "{\"a\":\"b\"@c}"},
	    {"string, then a string", "{\"a\":\"b\"@\"c\"}"},
	    {"string, then a backslash", "{\"a\":\"b\"@\\}"},
	    {"backslash outside", "{\"a\":@\\\"b\"}"},
	    {"form feed", "{\"a\":1@\x0c}"},
	    {"vertical tab", "{@\x0b\"a\":1}"},
	    {"control that looks like a colon", "{\"a\"@\x1a 1}"},
	    {"raw newline", "{\"a\":\"b@\nc\"}"},
	    {"raw tab in a key", "{\"a@\tb\":1}"},
	    {"raw 1F", "{\"a\":\"@\x1f\"}"},
	    {"bad escape", "{\"a\":\"b@\\x41\"}"},
	    {"bad escape in a key", "{\"a@\\q\":1}"},
	    {"bad escape in an inner key", "{\"a\":[{\"b@\\'\":1}]}"},
	    {"escape of three digits", "{\"a\":\"@\\u00e\"}"},
	    {"escape of other digits", "{\"a\":\"@\\u00g0\"}"},
	    {"lone high surrogate", "{\"a\":\"@\\ud83d\"}"},
	    {"high surrogate, then another", "{\"a\":\"@\\ud83d\\ud83d\"}"},
	    {"high surrogate, then a letter", "{\"a\":\"@\\ud83d\\u0061\"}"},
	    {"high surrogate, then text", "{\"a\":\"@\\ud83dabcdef\"}"},
	    {"high surrogate, then above the low", "{\"a\":\"@\\ud83d\\ue000\"}"},
	    {"two low surrogates", "{\"a\":\"@\\ude00\\ude00\"}"},
	    {"lone low surrogate", "{\"a\":\"@\\ude00\"}"},
	    {"lone surrogate in a key", "{\"@\\udfff\":1}"},
	};

	CHECK(rows, NPSD_R_bad_json);
	check("zero byte in a string", "{\"a\":\"\0\"}", 9, NPSD_R_bad_json, 6);
}

Test(decode_json, broken_utf8)
{
	static const struct row rows[] = {
	    {"continuation alone", "{\"a\":\"b@\x80\"}"},
	    {"overlong slash", "{\"a\":\"@\xc0\xaf\"}"},
	    {"overlong of three", "{\"a\":\"@\xe0\x9f\xbf\"}"},
	    {"overlong of four", "{\"a\":\"@\xf0\x8f\xbf\xbf\"}"},
	    {"surrogate", "{\"a\":\"@\xed\xa0\x80\"}"},
	    {"above U+10FFFF", "{\"a\":\"@\xf4\x90\x80\x80\"}"},
	    {"FF", "{\"a\":\"@\xff\"}"},
	    {"cut by a quote", "{\"a\":\"@\xe2\x82\"}"},
	    {"cut by the end", "{\"a\":1}@\xc3"},
	    {"in a key", "{\"@\xc3(\":1}"},
	    {"between tokens", "{\"a\":@\xfe 1}"},
	    {"in a broken document", "{\"a\":]\"\\q @\xe2\x28\xa1 "},
	    {"after a whole one", HEAD "} {} @\x80"},
	    {"the first of two", "{\"a\":\"\xc3\xa9@\xc3\",\"b\":\"\x80\"}"},
	};

	CHECK(rows, NPSD_R_bad_utf8);
}

static size_t nested(char *out, int depth, bool close)
{
	size_t n = (size_t)sprintf(out, "%s", HEAD ",\"x\":");

	for (int i = 1; i < depth; i++)
		n += (size_t)sprintf(out + n, i % 2 ? "[" : "{\"a\":");
	if (depth % 2 == 1)
		n += (size_t)sprintf(out + n, "1");
	for (int i = depth - 1; close && i > 0; i--)
		n += (size_t)sprintf(out + n, i % 2 ? "]" : "}");
	return n + (size_t)sprintf(out + n, "}");
}

Test(decode_json, depth)
{
	char json[8192];
	size_t n = nested(json, 256, true);
	size_t at;

	check("256", json, n, NPSD_R_ok, 0);
	check("256 not closed", json, n - 1, NPSD_R_bad_json, (uint32_t)n - 1);
	n = nested(json, 257, true);
	for (at = n; json[at - 1] != '{'; at--)
		;
	check("257", json, n, NPSD_R_bad_json, (uint32_t)at - 1);
	memset(json, '[', sizeof json);
	memcpy(json, "{\"a\":", 5);
	check("thousands", json, sizeof json, NPSD_R_bad_json, 5 + 255);
}

/* The same events after 0 to 129 spaces: at every position in a kernel's block of 64 bytes. */
Test(decode_json, every_alignment)
{
	static const char event[] =
	    WITH("\"comment\":\"caf\xc3\xa9 \\\\\\\" \\ud83d\\ude00\",\"x\":[1,-2.5e3,\"\\\\\"]");
	static const char broken[] = WITH("\"comment\":\"caf\xc3 \\\"\"");
	char json[1024];

	for (size_t pad = 0; pad < 130; pad++) {
		memset(json, ' ', pad);
		memcpy(json + pad, event, sizeof event - 1);
		check("whole", json, pad + sizeof event - 1, NPSD_R_ok, 0);
		check("one byte less", json, pad + sizeof event - 2, NPSD_R_bad_json,
		    (uint32_t)(pad + sizeof event - 2));
		memcpy(json + pad, broken, sizeof broken - 1);
		check("broken", json, pad + sizeof broken - 1, NPSD_R_bad_utf8,
		    (uint32_t)(pad + (size_t)(strchr(broken, '\xc3') - broken)));
	}
}

Test(decode_json, frame)
{
	static const char framed[] = "\0\0\0\0\x2a" HEAD "}";
	static const char bad[] = "\0\0\0\0\x2a{\"a\":1]";
	static const char no_score[] = "\0\xff\xff\xff\xff" WITH("\"score\":[]");

	check("Confluent", framed, sizeof framed - 1, NPSD_R_ok, 0);
	check("position counts the frame", bad, sizeof bad - 1, NPSD_R_bad_json, 11);
	check("also of a field", no_score, sizeof no_score - 1, NPSD_R_bad_score,
	    (uint32_t)sizeof no_score - 1 - 3);
	check("nothing in it", "\0\0\0\0\0", 5, NPSD_R_bad_json, 5);
	check("too short for one", "\0\0\0\0", 4, NPSD_R_bad_json, 0);
}

Test(decode_json, size)
{
	size_t most = (size_t)readers->cfg.event_bytes;
	char *json = malloc(most + 1);

	memset(json, ' ', most + 1);
	memcpy(json, HEAD "}", sizeof HEAD);
	check("longest", json, most, NPSD_R_ok, 0);
	check("too big", json, most + 1, NPSD_R_too_big, (uint32_t)most);
	memset(json, '[', most + 1);
	check("too big before it is looked at", json, most + 1, NPSD_R_too_big, (uint32_t)most);
	memcpy(json, "{\"a\":\"", 6);
	memset(json + 6, '\\', most - 6);
	check("backslashes", json, most, NPSD_R_bad_json, (uint32_t)most);
	check("tombstone", NULL, 0, NPSD_R_tombstone, 0);
	free(json);
}
