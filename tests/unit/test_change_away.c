/* The configuration meets the stored one: what is logged while Redis cannot answer. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic.h"
#include "npsd/change.h"

struct away {
	int64_t now_ms;
	uint64_t tag; /* of a call that is not answered yet; 0: none */
	int calls;
	_Atomic int stop;
};

static bool submit(void *self, const struct npsd_call *call)
{
	struct away *a = self;

	a->tag = call->tag;
	a->calls++;
	return true;
}

/* Each call is refused at once; a minute later somebody has had enough. */
static bool poll_done(void *self, struct npsd_done *out, int wait_ms)
{
	struct away *a = self;

	if (!a->tag) {
		a->now_ms += wait_ms;
		if (a->now_ms > 60000)
			npsd_store_relaxed(&a->stop, 1);
		return false;
	}
	*out = (struct npsd_done){.tag = a->tag, .outcome = NPSD_CANT_NOW, .text = "OOM command not allowed"};
	a->tag = 0;
	return true;
}

static int64_t now_ms(void *self)
{
	return ((struct away *)self)->now_ms;
}

static uint64_t number(void *self)
{
	(void)self;
	return 7;
}

Test(change_away, a_redis_that_cannot_now_is_logged_every_few_seconds)
{
	struct away a = {.now_ms = 1};
	struct npsd_store store = {.self = &a, .submit = submit, .poll = poll_done};
	const struct npsd_clock clock = {.self = &a, .wall_ms = now_ms, .mono_ms = now_ms, .random = number};
	struct npsd_config *cfg;
	struct npsd_err err = {0};
	int ends[2], was = dup(STDERR_FILENO), lines = 0;
	char text[65536];
	ssize_t n;

	cr_assert(npsd_config_load(&cfg, &err, NULL, NULL, 0), "%s", err.text);
	cr_assert_eq(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	cr_expect_not(npsd_change_adopt(cfg, &err, &store, &clock, NPSD_CHANGE_NONE, &a.stop, 0));
	dup2(was, STDERR_FILENO);
	close(ends[1]);
	n = read(ends[0], text, sizeof text - 1);
	text[n > 0 ? n : 0] = 0;
	for (const char *at = text; (at = strstr(at, "Redis: OOM")) != NULL; at++)
		lines++;
	cr_expect_eq(err.code, NPSD_OK, "stopped, not failed");
	cr_expect_gt(a.calls, 20);
	cr_expect(lines >= 5 && lines <= 15, "%d lines in a minute", lines);
	close(ends[0]);
	close(was);
	npsd_config_free(&cfg);
}

Test(change_away, a_drain_gives_up_at_its_limit_and_says_why)
{
	struct away a = {.now_ms = 1};
	struct npsd_store store = {.self = &a, .submit = submit, .poll = poll_done};
	const struct npsd_clock clock = {.self = &a, .wall_ms = now_ms, .mono_ms = now_ms, .random = number};
	struct npsd_config *cfg;
	struct npsd_err err = {0};

	cr_assert(npsd_config_load(&cfg, &err, NULL, NULL, 0), "%s", err.text);
	cr_expect_not(npsd_change_adopt(cfg, &err, &store, &clock, NPSD_CHANGE_NONE, &a.stop, 20000));
	cr_expect(a.now_ms >= 20000 && a.now_ms < 30000);
	cr_expect_eq(err.code, NPSD_RETRY);
	cr_expect(strstr(err.text, "drain.limit: Redis: OOM command not allowed"), "%s", err.text);
	npsd_config_free(&cfg);
}
