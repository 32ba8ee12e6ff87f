#include "help_commit.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "help_names.h"
#include "npsd/event.h"

static bool fake_submit(void *self, const struct npsd_call *call)
{
	struct help_desk *d = self;
	struct npsd_buf b;

	cr_assert_lt(d->nsent, HELP_CALLS);
	npsd_buf_init(&b, 1u << 20);
	for (size_t i = 0; i < call->nkeys + call->nargs; i++) {
		const struct npsd_arg *a = i < call->nkeys ? &call->keys[i] : &call->args[i - call->nkeys];

		npsd_buf_addz(&b, i == call->nkeys ? "||" : i ? "|" : "");
		npsd_buf_add(&b, a->p, a->n);
	}
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] == 0)
			b.p[i] = '.';
	npsd_buf_add(&b, "", 1);
	d->sent[d->nsent++] = (struct help_sent){call->tag, call->script, b.p};
	return true;
}

static bool fake_poll(void *self, struct npsd_done *out, int wait_ms)
{
	struct help_desk *d = self;

	(void)wait_ms;
	if (!d->nready)
		return false;
	*out = d->ready[0];
	memmove(d->ready, d->ready + 1, (size_t)--d->nready * sizeof d->ready[0]);
	return true;
}

static void fake_wake(void *self)
{
	(void)self;
}

static uint32_t fake_connection(void *self)
{
	return ((struct help_desk *)self)->connection;
}

static void wake_group(void *self)
{
	((struct help_desk *)self)->wakes_group++;
}

static void wake_worker(void *self, int worker)
{
	(void)worker;
	((struct help_desk *)self)->wakes_worker++;
}

static void wake_fold(void *self)
{
	((struct help_desk *)self)->wakes_fold++;
}

static int64_t fake_ms(void *self)
{
	return ((struct help_desk *)self)->now_ms;
}

static uint64_t fake_random(void *self)
{
	(void)self;
	return 0;
}

void help_desk_open(struct help_desk *d, const struct npsd_store *store)
{
	struct npsd_wires *w = &d->w;

	memset(d, 0, sizeof *d);
	d->now_ms = 1000000;
	d->connection = 1;
	d->cfg = (struct npsd_config){.prefix = "nps",
	    .topics = {"t"},
	    .ntopics = 1,
	    .shards = 4,
	    .alerts_keep = 1000,
	    .alerts_keep_bytes = 100000,
	    .text = (char[]){"the text"}};
	strcpy(d->cfg.hash, "cfg");
	for (int dim = 0; dim < NPSD_NDIM; dim++)
		d->cfg.caps[dim] = 3;
	w->cfg = &d->cfg;
	w->broker = (struct npsd_broker){.self = d, .wake = wake_group, .wake_worker = wake_worker};
	w->clock = (struct npsd_clock){d, fake_ms, fake_ms, fake_random};
	w->store_commit =
	    store ? *store : (struct npsd_store){d, fake_submit, fake_poll, fake_wake, fake_connection};
	w->store_fold = (struct npsd_store){.self = d, .wake = wake_fold};
	w->workers = 2;
	for (int i = 0; i < 2; i++) {
		w->worker_to_commit[i] = npsd_ring_new(4);
		w->commit_to_worker[i] = npsd_ring_new(4);
	}
	w->fold_to_commit = npsd_ring_new(4);
	w->commit_to_fold = npsd_ring_new(4);
	w->group_to_commit = npsd_ring_new(64);
	w->commit_to_group = npsd_ring_new(64);
	d->c = npsd_commit_new(w);
	help_reset(d, npsd_names_new(d->cfg.caps, &d->cfg.sets));
}

void help_desk_close(struct help_desk *d)
{
	npsd_commit_free(&d->c);
	for (int i = 0; i < 2; i++) {
		npsd_ring_free(&d->w.worker_to_commit[i]);
		npsd_ring_free(&d->w.commit_to_worker[i]);
	}
	npsd_ring_free(&d->w.fold_to_commit);
	npsd_ring_free(&d->w.commit_to_fold);
	npsd_ring_free(&d->w.group_to_commit);
	npsd_ring_free(&d->w.commit_to_group);
	npsd_names_free(&d->names);
	for (int i = 0; i < d->nsent; i++)
		free(d->sent[i].text);
}

void help_desk_step(struct help_desk *d)
{
	for (int i = 0; npsd_commit_step(d->c, 0); i++)
		cr_assert_lt(i, 1000, "the room makes steps for ever");
}

void help_order(struct help_desk *d, const struct npsd_order *o)
{
	struct npsd_order *copy = malloc(sizeof *copy);

	*copy = *o;
	cr_assert(npsd_ring_push(d->w.group_to_commit, copy));
}

bool help_order_back(struct help_desk *d, bool *ok)
{
	struct npsd_order *o = npsd_ring_pop(d->w.commit_to_group);

	if (!o)
		return false;
	*ok = o->ok;
	free(o);
	return true;
}

void help_take(struct help_desk *d, int32_t part, int64_t offset)
{
	bool ok;
	struct npsd_order o = {
	    .what = NPSD_ORDER_TAKE, .state = {.tp = {0, part}, .claim = HELP_MINE, .pos = {0, offset}}};

	help_order(d, &o);
	help_desk_step(d);
	cr_assert(help_order_back(d, &ok));
}

void help_reset(struct help_desk *d, struct npsd_names *names)
{
	struct npsd_names *old = d->names;
	bool ok;

	d->names = names ? names : d->names;
	help_order(d, &(struct npsd_order){.what = NPSD_ORDER_RESET, .run = ++d->run, .names = d->names});
	npsd_store_release(
	    &d->w.incident, NPSD_INCIDENT_NONE); /* as the group does; pairs with npsd_incident_set */
	help_desk_step(d);
	cr_assert(help_order_back(d, &ok));
	cr_expect(ok);
	if (names)
		npsd_names_free(&old);
	d->w.fold_lag = 0;
}

struct npsd_batch *help_batch(const struct help_desk *d, int32_t part, int64_t from, int64_t to)
{
	struct npsd_batch *b = calloc(1, sizeof *b);
	struct npsd_batch_part *p = &b->part[0];

	b->job = (struct npsd_job){.what = NPSD_JOB_BATCH, .run = d->run};
	b->nparts = 1;
	p->end = (struct npsd_part_state){.tp = {0, part},
	    .claim = HELP_MINE,
	    .pos = {0, to},
	    .stream_ms = 50,
	    .horizon_ms = NPSD_TIME_NONE,
	    .lateness_ms = 10};
	p->from = (struct npsd_pos){0, from};
	p->first_ms = NPSD_TIME_NONE;
	npsd_buf_init(&p->rulings, 100);
	b->dict_len = npsd_names_len_any(d->names);
	b->clock_ms = 77;
	npsd_buf_init(&b->totals, 100);
	npsd_buf_add(&b->totals,
	    "\x81\xa8"
	    "consumed\x02",
	    11);
	npsd_buf_init(&b->meta, 100);
	npsd_buf_init(&b->alerts, 100);
	npsd_buf_init(&b->deltas, 100);
	npsd_buf_add(&b->deltas, "\x91\x01\x90", 3);
	b->nshards = 2;
	b->shard[0].shard = 0;
	b->shard[0].len = 2;
	b->shard[1].shard = 3;
	b->shard[1].at = 2;
	b->shard[1].len = 1;
	return b;
}

void help_batch_free(struct npsd_batch *b)
{
	npsd_buf_free(&b->part[0].rulings);
	npsd_buf_free(&b->totals);
	npsd_buf_free(&b->deltas);
	free(b);
}

struct npsd_ask *help_ask(const struct help_desk *d, const char *const *channels, int n)
{
	struct npsd_ask *ask = calloc(1, sizeof *ask);

	ask->job = (struct npsd_job){.what = NPSD_JOB_ASK, .run = d->run};
	ask->n = (uint32_t)n;
	npsd_buf_init(&ask->text, 1000);
	for (int i = 0; i < n; i++) {
		ask->value[i].dim = NPSD_DIM_channel;
		ask->value[i].len = (uint16_t)strlen(channels[i]);
		ask->value[i].at = (uint32_t)ask->text.n;
		npsd_buf_addz(&ask->text, channels[i]);
	}
	return ask;
}

void help_ask_free(struct npsd_ask *ask)
{
	npsd_buf_free(&ask->text);
	free(ask);
}

void help_job(struct help_desk *d, int worker, struct npsd_job *job)
{
	cr_assert(npsd_ring_push(worker == 2 ? d->w.fold_to_commit : d->w.worker_to_commit[worker], job));
	help_desk_step(d);
}

const char *help_job_back(struct help_desk *d, int worker)
{
	struct npsd_job *job;

	help_desk_step(d);
	job = npsd_ring_pop(worker == 2 ? d->w.commit_to_fold : d->w.commit_to_worker[worker]);
	if (!job)
		return "none";
	return job->end == NPSD_JOB_DONE ? "done" : job->end == NPSD_JOB_DROPPED ? "dropped" : "open";
}

static void complete(struct help_desk *d, const struct npsd_done *done)
{
	cr_assert_lt(d->nready, HELP_CALLS);
	d->ready[d->nready++] = *done;
	help_desk_step(d);
}

void help_reply(struct help_desk *d, int n, const struct npsd_reply *reply)
{
	complete(d,
	    &(struct npsd_done){.tag = d->sent[d->nsent - 1 - n].tag, .outcome = NPSD_DONE, .reply = reply});
}

void help_answer(struct help_desk *d, int n, const char *const *words, size_t nwords)
{
	struct npsd_reply el[8] = {{.type = NPSD_REPLY_NIL}},
			  reply = {.type = NPSD_REPLY_ARRAY, .el = el, .n = nwords};

	for (size_t i = 0; i < nwords; i++)
		el[i] = (struct npsd_reply){.type = NPSD_REPLY_STR, .str = words[i], .len = strlen(words[i])};
	help_reply(d, n, &reply);
}

void help_fail(struct help_desk *d, int n, enum npsd_outcome outcome)
{
	complete(
	    d, &(struct npsd_done){
		   .tag = d->sent[d->nsent - 1 - n].tag, .outcome = outcome, .text = "as the test says"});
}
