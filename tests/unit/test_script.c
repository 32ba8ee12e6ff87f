/* The script library: calls as they are built, replies as they are read, waits as they grow. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/backoff.h"
#include "script/build.h"
#include "script/result.h"

#define TEXT(z)                                                                                              \
	{                                                                                                    \
		.type = NPSD_REPLY_STR, .str = (z), .len = sizeof(z) - 1                                     \
	}

static char seen[512];

/* `SCRIPT KEY... | ARG...` */
static bool submit(void *self, const struct npsd_call *call)
{
	size_t n = (size_t)snprintf(seen, sizeof seen, "%d", (int)call->script);

	for (size_t i = 0; i < call->nkeys; i++)
		n += (size_t)snprintf(
		    seen + n, sizeof seen - n, " %.*s", (int)call->keys[i].n, (const char *)call->keys[i].p);
	n += (size_t)snprintf(seen + n, sizeof seen - n, " |");
	for (size_t i = 0; i < call->nargs; i++)
		n += (size_t)snprintf(
		    seen + n, sizeof seen - n, " %.*s", (int)call->args[i].n, (const char *)call->args[i].p);
	return self != NULL;
}

Test(script, a_call_holds_its_keys_its_header_and_its_arguments)
{
	struct npsd_config cfg = {.prefix = "pfx"};
	struct npsd_script_build b;
	struct npsd_store room = {.self = &cfg, .submit = submit}, full = {.submit = submit};
	char first[sizeof seen];

	memcpy(cfg.hash, "hash", 5);
	npsd_script_init(&b, &cfg, 1 << 16);
	npsd_script_begin_private(&b, NPSD_S_commit);
	npsd_script_private_key(&b, "log:%d", 3);
	npsd_script_public_key(&b, "v:{%s}", "all");
	npsd_script_key(&b, "k", 1);
	npsd_script_header(&b, NULL, 0);
	npsd_script_argf(&b, "%d", 7);
	npsd_script_arg_ref(&b, "referred", 3);
	npsd_script_arg(&b, "", 0);
	for (int i = 0; i < 100; i++) /* the text moves while it grows */
		npsd_script_argz(&b, "z");
	cr_expect(npsd_script_submit(&b, &room, 1));
	snprintf(first, sizeof first,
	    "%d {pfx:alerts}:fence {pfx:alerts}:dict {pfx:alerts}:log:3 pfx:v:{all} k | hash 0  7 ref  z z",
	    (int)NPSD_S_commit);
	cr_expect(strncmp(seen, first, strlen(first)) == 0, "%s", seen);
	memcpy(first, seen, sizeof seen);
	cr_expect_not(npsd_script_submit(&b, &full, 2), "no room");
	cr_expect_str_eq(seen, first, "what is submitted again has equal bytes");
	npsd_script_begin(&b, NPSD_S_index);
	cr_expect(npsd_script_submit(&b, &room, 3));
	cr_expect(strchr(seen, '|')[1] == 0, "nothing is left of the call before");
	npsd_script_free(&b);
}

Test(script, a_result_is_one_of_four)
{
	static const struct npsd_reply ok[] = {TEXT("ok"), TEXT("1")},
				       claim[] = {TEXT("refused"), TEXT("claim")},
				       dict[] = {TEXT("refused"), TEXT("dict")},
				       odd[] = {TEXT("refused"), TEXT("?")},
				       no_text[] = {{.type = NPSD_REPLY_INT, .integer = 1}};
#define LIST(a)                                                                                              \
	{                                                                                                    \
		.type = NPSD_REPLY_ARRAY, .el = (a), .n = sizeof(a) / sizeof(a)[0]                           \
	}
	static const struct {
		enum npsd_outcome outcome;
		struct npsd_reply reply;
		size_t least;
		enum npsd_result_kind kind;
		enum npsd_fault fault; /* of a refusal */
	} rows[] = {
	    {NPSD_DONE, LIST(ok), 2, NPSD_RESULT_OK, 0},
	    {NPSD_DONE, LIST(ok), 3, NPSD_RESULT_BROKEN, 0},
	    {NPSD_DONE, LIST(claim), 2, NPSD_RESULT_REFUSED, NPSD_FAULT_OWNER},
	    {NPSD_DONE, LIST(dict), 2, NPSD_RESULT_REFUSED, NPSD_FAULT_DICT},
	    {NPSD_DONE, LIST(odd), 2, NPSD_RESULT_BROKEN, 0},
	    {NPSD_DONE, LIST(no_text), 1, NPSD_RESULT_BROKEN, 0},
	    {NPSD_DONE, TEXT("ok"), 1, NPSD_RESULT_BROKEN, 0},
	    {NPSD_DONE, {.type = NPSD_REPLY_NIL}, 1, NPSD_RESULT_BROKEN, 0},
	    {NPSD_LOST, {.type = NPSD_REPLY_NIL}, 1, NPSD_RESULT_RETRY, 0},
	    {NPSD_CANT_NOW, {.type = NPSD_REPLY_NIL}, 1, NPSD_RESULT_RETRY, 0},
	    {NPSD_BROKEN, {.type = NPSD_REPLY_NIL}, 1, NPSD_RESULT_BROKEN, 0},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct npsd_done done = {
		    .outcome = rows[i].outcome, .reply = &rows[i].reply, .text = "text"};
		struct npsd_result r = npsd_result_of(&done, rows[i].least);

		cr_expect_eq(r.kind, rows[i].kind, "row %zu", i);
		cr_expect_eq(r.lost, rows[i].outcome == NPSD_LOST, "row %zu", i);
		if (r.kind == NPSD_RESULT_REFUSED)
			cr_expect_eq(npsd_refusal_fault(r.refusal), rows[i].fault, "row %zu", i);
		else if (r.kind != NPSD_RESULT_OK)
			cr_expect(r.text && r.text[0], "row %zu", i);
	}
}

Test(script, numbers_are_taken_only_as_npsd_writes_them)
{
	static const struct {
		const char *text;
		bool ok;
		int64_t value;
	} rows[] = {{"0", true, 0}, {"-5", true, -5}, {"", true, 42}, {" 5", false, 0}, {"+5", false, 0},
	    {"5x", false, 0}, {"-", false, 0}, {"9223372036854775807", true, INT64_MAX},
	    {"9223372036854775808", false, 0}, {"123456789012345678901234", false, 0}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t v;

		cr_expect_eq(npsd_text_int(&v, npsd_str(rows[i].text), 42), rows[i].ok, "`%s`", rows[i].text);
		if (rows[i].ok)
			cr_expect_eq(v, rows[i].value, "`%s`", rows[i].text);
	}
}

static uint64_t draw;

static uint64_t random_of(void *self)
{
	(void)self;
	return draw;
}

Test(script, a_back_off_doubles_up_to_its_limit_and_is_spread_around_it)
{
	static const int64_t waits[] = {100, 200, 400, 500, 500};
	const struct npsd_clock clock = {.random = random_of};
	struct npsd_backoff least = {.first_ms = 100, .most_ms = 500}, most = least;

	for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
		draw = 0;
		npsd_backoff_fail(&least, &clock, 1000);
		cr_expect_eq(least.retry_mono_ms, 1000 + waits[i] / 2, "%zu", i);
		draw = (uint64_t)waits[i];
		npsd_backoff_fail(&most, &clock, 1000);
		cr_expect_eq(most.retry_mono_ms, 1000 + waits[i] / 2 + waits[i], "%zu", i);
		cr_expect(npsd_backoff_waits(&least, least.retry_mono_ms - 1));
		cr_expect_not(npsd_backoff_waits(&least, least.retry_mono_ms));
	}
	npsd_backoff_reset(&least);
	cr_expect_not(npsd_backoff_waits(&least, 0));
}
