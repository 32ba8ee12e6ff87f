/* What is stored of configurations, at start: by a store that answers what the test says. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "help_adopt.h"
#include "npsd/change.h"

/* One call at a time, each with the same answer. */
struct desk {
	struct npsd_reply reply;
	uint64_t tag;
};

static bool submit(void *self, const struct npsd_call *call)
{
	((struct desk *)self)->tag = call->tag;
	return true;
}

static bool poll_now(void *self, struct npsd_done *out, int wait_ms)
{
	const struct desk *d = self;

	(void)wait_ms;
	*out = (struct npsd_done){.tag = d->tag, .outcome = NPSD_DONE, .reply = &d->reply};
	return true;
}

#define T(z) ((struct npsd_reply){.type = NPSD_REPLY_STR, .str = (z), .len = strlen(z)})

/* Starts with this text stored under this hash, which is in force. */
static bool start(
    struct npsd_config *cfg, struct npsd_err *err, struct npsd_reply hash, struct npsd_reply text)
{
	const struct npsd_reply known[] = {hash, text};
	const struct npsd_reply el[] = {T("ok"), hash.type == NPSD_REPLY_STR ? hash : T("x"), T(""),
	    T("1000"), T(""), {.type = NPSD_REPLY_ARRAY, .el = known, .n = 2}};
	struct desk d = {.reply = {.type = NPSD_REPLY_ARRAY, .el = el, .n = 6}};
	struct npsd_store store = {.self = &d, .submit = submit, .poll = poll_now};
	_Atomic int stop = 0;

	*err = (struct npsd_err){0};
	return npsd_change_adopt(cfg, err, &store, &npsd_clock_system, NPSD_CHANGE_NONE, &stop, 0);
}

/* A text that somebody has changed, or cut off, is believed in nothing: not even so far as to compare with
 * it. */
Test(change, a_stored_text_that_is_not_its_hashs_is_refused)
{
	struct npsd_config *cfg = help_load("segments=[[], [location, attributes.plan]]", "windows=[1h, 7d]");
	struct npsd_err err;
	char hash[33], *text = strdup(cfg->text), *at, long_name[1000];
	struct npsd_reply whole = T(text), cut = T(text), nothing = {.type = NPSD_REPLY_NIL};

	snprintf(hash, sizeof hash, "%s", cfg->hash);
	cr_expect(start(cfg, &err, T(hash), whole), "%s", err.text);
	cr_expect_str_eq(cfg->hash, hash);
	cut.len--;
	cr_expect_not(start(cfg, &err, T(hash), cut));
	cr_expect_not(start(cfg, &err, T("0123456789abcdef0123456789abcdef"), whole));
	cr_expect_not(start(cfg, &err, T(hash), nothing));
	memset(long_name, 'x', sizeof long_name);
	memcpy(long_name, "segments=", 9);
	long_name[sizeof long_name - 1] = 0;
	cr_expect_not(start(cfg, &err, T(hash), T(long_name)));
	at = strstr(text, "shards=");
	cr_assert(at);
	at[7]++;
	cr_expect_not(start(cfg, &err, T(hash), T(text)));
	cr_expect_eq(err.code, NPSD_REFUSED);
	cr_expect(strstr(err.text, hash) != NULL, "%s", err.text);
	free(text);
	npsd_config_free(&cfg);
}
