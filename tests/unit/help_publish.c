#include "help_publish.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "help_names.h"
#include "npsd/clock.h"
#include "npsd/redis.h"
#include "publish/pub.h"

static const char *const script_names[] = {
#define X(name, nkeys, does) #name,
#include "tbl/scripts.def"
#undef X
};

/* --- the store between --- */

static bool between_submit(void *self, const struct npsd_call *call)
{
	struct help_publish *h = self;

	if (h->lose > 0 && h->lose_script == (int)call->script) {
		if (h->have_lost)
			return false;
		h->lose--;
		h->have_lost = true;
		h->lost_tag = call->tag;
		return true;
	}
	if (!h->server.submit(h->server.self, call))
		return false;
	npsd_buf_addf(&h->calls, "%s ", script_names[call->script]);
	if (call->nkeys > 0)
		npsd_buf_add(&h->calls, call->keys[0].p, call->keys[0].n);
	npsd_buf_addz(&h->calls, "\n");
	return true;
}

static bool between_poll(void *self, struct npsd_done *out, int wait_ms)
{
	struct help_publish *h = self;

	if (h->have_lost) {
		h->have_lost = false;
		*out =
		    (struct npsd_done){.tag = h->lost_tag, .outcome = NPSD_LOST, .text = "the test lost it"};
		return true;
	}
	return h->server.poll(h->server.self, out, wait_ms);
}

static void between_wake(void *self)
{
	struct help_publish *h = self;

	h->server.wake(h->server.self);
}

static uint32_t between_connection(void *self)
{
	struct help_publish *h = self;

	return h->server.connection(h->server.self);
}

/* --- the shard --- */

/* The first back-off is 125 ms and as much at random: with this clock 250 ms. */
static uint64_t half_of_250(void *self)
{
	(void)self;
	return 125;
}

static const struct npsd_clock fixed_clock = {.random = half_of_250};

static void fill_config(struct npsd_config *c)
{
	*c = (struct npsd_config){
	    .prefix = "nps",
	    .shards = 1,
	    .kinds_split = true,
	    .publish_interval_ms = 1000,
	    .publish_sweep_ms = 600000,
	    .publish_budget = 0.5,
	    .rank_min_n = 10,
	    .fragile_few = 30,
	    .fragile_wide = 10,
	    .fragile_low_rate = 0.1,
	    .windows = {{"1h", 3600, 60, 0}, {"24h", 86400, 300, 0}},
	    .nwindows = 2,
	    .pane_s = 60,
	    .hash = "00112233445566778899aabbccddeeff",
	};
	c->sets = (struct npsd_sets){
	    .set = {{.number = 0, .name = "all"},
		{.number = 1, .ndims = 1, .dims = {NPSD_DIM_location}, .name = "location"},
		{.number = 2,
		    .ndims = 2,
		    .dims = {NPSD_DIM_location, NPSD_DIM_channel},
		    .name = "location,channel"}},
	    .n = 3,
	};
}

static void store_header(struct help_publish *h)
{
	char len[16];
	uint32_t n = npsd_names_len_any(h->names);

	snprintf(len, sizeof len, "%u", n);
	help_redis_do(&h->redis, "HSET", "{nps:alerts}:fence", "config", h->cfg.hash, "dict_len", len,
	    "dict_chain", npsd_names_chain_any(h->names, n), (char *)NULL);
}

void help_publish_open(struct help_publish *h)
{
	memset(h, 0, sizeof *h);
	help_redis_start(&h->redis, NULL);
	help_store_open(&h->server, &h->redis, 10000);
	/* calls are for the connection on which their keys were registered: the first one is there */
	while (h->server.connection(h->server.self) == 0) {
		struct npsd_done done;

		h->server.poll(h->server.self, &done, 20);
	}
	h->store = (struct npsd_store){h, between_submit, between_poll, between_wake, between_connection};
	fill_config(&h->cfg);
	h->names = help_names_new(&h->cfg.sets, 1000);
	help_admit(h->names, &h->cfg.sets, NPSD_DIM_location, "north");
	help_admit(h->names, &h->cfg.sets, NPSD_DIM_location, "north/lisbon");
	help_admit(h->names, &h->cfg.sets, NPSD_DIM_location, "south");
	help_admit(h->names, &h->cfg.sets, NPSD_DIM_channel, "email");
	npsd_buf_init(&h->calls, 16 << 20);
	h->mono_ms = 1000000;
	h->view = (struct npsd_shard_view){
	    .seq = 7, .hash = "aa", .t_ms = HELP_T0, .positions = "t/0 0:12", .names = h->names};
	h->view.panes = npsd_panes_new(&h->cfg);
	store_header(h);
}

void help_publish_close(struct help_publish *h)
{
	npsd_pub_free(&h->pub);
	npsd_panes_free(&h->view.panes);
	npsd_names_free(&h->names);
	npsd_buf_free(&h->calls);
	npsd_redis_close(&h->server);
	help_redis_stop(&h->redis);
}

void help_publish_acquire(struct help_publish *h, int64_t epoch)
{
	char field[32], text[32];

	snprintf(field, sizeof field, "epoch:%d", h->view.shard);
	snprintf(text, sizeof text, "%lld", (long long)epoch);
	help_redis_do(&h->redis, "HSET", "{nps:alerts}:fence", field, text, (char *)NULL);
	h->view.epoch = epoch;
	npsd_pub_free(&h->pub);
	h->pub = npsd_pub_new(&h->cfg, &fixed_clock, h->view.shard);
	npsd_pub_acquired(h->pub, &h->view);
}

uint32_t help_publish_seg(struct help_publish *h, const char *seg)
{
	char name[256];
	struct npsd_seg s;

	snprintf(name, sizeof name, "kind=transactional%s%s", *seg ? "," : "", seg);
	cr_assert(npsd_seg_parse(&s, npsd_str(name), &h->cfg.sets, true, h->names), "%s", name);
	return npsd_panes_find(h->view.panes, s, true);
}

void help_publish_count(struct help_publish *h, const char *seg, int64_t t_ms, int score, int64_t n)
{
	uint32_t i = help_publish_seg(h, seg);

	npsd_panes_add(h->view.panes, i, t_ms / 60000 * 60, 1u << score, &n);
	if (h->pub)
		npsd_pub_touch(h->pub, &h->view, i, t_ms / 60000 * 60, h->mono_ms);
}

void help_publish_turn(struct help_publish *h, int64_t t_ms)
{
	int64_t before = h->view.t_ms;

	h->view.t_ms = t_ms;
	npsd_pub_turn(h->pub, &h->view, before, h->mono_ms);
	npsd_panes_drop(h->view.panes, t_ms);
}

static bool in_flight(const struct npsd_pub *p)
{
	for (int k = 0; k < NPSD_NFLIGHT; k++)
		if (p->context.flight[k] != 0)
			return true;
	return false;
}

void help_publish_settle(struct help_publish *h)
{
	int64_t until = npsd_clock_system.mono_ms(NULL) + 20000;
	bool did;

	do {
		struct npsd_done done;

		did = npsd_pub_step(h->pub, &h->view, &h->store, h->mono_ms);
		if (h->store.poll(h->store.self, &done, in_flight(h->pub) ? 20 : 0)) {
			npsd_pub_done(h->pub, &h->view, &done, h->mono_ms);
			did = true;
		}
		cr_assert(npsd_clock_system.mono_ms(NULL) < until, "it does not settle:\n%.*s",
		    (int)h->calls.n, h->calls.p);
	} while (did || in_flight(h->pub));
}

void help_publish_wait(struct help_publish *h, int64_t ms)
{
	h->mono_ms += ms;
	help_publish_settle(h);
}

void help_publish_rest(struct help_publish *h, int64_t epoch)
{
	help_publish_acquire(h, epoch);
	help_publish_settle(h);
	for (int i = 0; i < 5; i++)
		help_publish_wait(h, 1000);
	cr_assert(npsd_pub_clean(h->pub));
}

void help_publish_register(struct help_publish *h, const char *key)
{
	char registry[64];

	snprintf(registry, sizeof registry, "{nps:alerts}:keys:%d", h->view.shard);
	help_redis_do(&h->redis, "SADD", registry, key, (char *)NULL);
}

int help_publish_calls(struct help_publish *h, const char *line)
{
	size_t n = strlen(line);
	int found = 0;

	npsd_buf_add(&h->calls, "", 1);
	h->calls.n--;
	for (const char *at = h->calls.p; (at = strstr(at, line)) != NULL; at += n)
		found += at == h->calls.p || at[-1] == '\n';
	return found;
}

void help_publish_forget(struct help_publish *h)
{
	npsd_buf_clear(&h->calls);
}
