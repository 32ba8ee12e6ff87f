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
	struct npsd_pipeline *pl = &d->pl;

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
	pl->cfg = &d->cfg;
	pl->broker = (struct npsd_broker){.self = d, .wake = wake_group, .wake_worker = wake_worker};
	pl->clock = (struct npsd_clock){d, fake_ms, fake_ms, fake_random};
	pl->store_commit =
	    store ? *store : (struct npsd_store){d, fake_submit, fake_poll, fake_wake, fake_connection};
	pl->store_fold = (struct npsd_store){.self = d, .wake = wake_fold};
	pl->workers = 2;
	for (int i = 0; i < 2; i++) {
		pl->worker_to_commit[i] = npsd_ring_new(4);
		pl->commit_to_worker[i] = npsd_ring_new(4);
	}
	pl->fold_to_commit = npsd_ring_new(4);
	pl->commit_to_fold = npsd_ring_new(4);
	pl->group_to_commit = npsd_ring_new(64);
	pl->commit_to_group = npsd_ring_new(64);
	d->c = npsd_commit_new(pl);
	help_reset(d, npsd_names_new(d->cfg.caps, &d->cfg.sets));
}

void help_desk_close(struct help_desk *d)
{
	npsd_commit_free(&d->c);
	for (int i = 0; i < 2; i++) {
		npsd_ring_free(&d->pl.worker_to_commit[i]);
		npsd_ring_free(&d->pl.commit_to_worker[i]);
	}
	npsd_ring_free(&d->pl.fold_to_commit);
	npsd_ring_free(&d->pl.commit_to_fold);
	npsd_ring_free(&d->pl.group_to_commit);
	npsd_ring_free(&d->pl.commit_to_group);
	npsd_names_free(&d->names);
	for (int i = 0; i < d->nsent; i++)
		free(d->sent[i].text);
}

void help_desk_step(struct help_desk *d)
{
	for (int i = 0; npsd_commit_step(d->c, 0); i++)
		cr_assert_lt(i, 1000, "the component makes steps for ever");
}

void help_command(struct help_desk *d, const struct npsd_command *o)
{
	struct npsd_command *copy = malloc(sizeof *copy);

	*copy = *o;
	cr_assert(npsd_ring_push(d->pl.group_to_commit, copy));
}

bool help_command_back(struct help_desk *d, bool *ok)
{
	struct npsd_command *o = npsd_ring_pop(d->pl.commit_to_group);

	if (!o)
		return false;
	*ok = o->ok;
	free(o);
	return true;
}

void help_acquire(struct help_desk *d, int32_t part, int64_t offset)
{
	bool ok;
	struct npsd_command o = {
	    .what = NPSD_CMD_ACQUIRE, .state = {.tp = {0, part}, .claim = HELP_MINE, .pos = {0, offset}}};

	help_command(d, &o);
	help_desk_step(d);
	cr_assert(help_command_back(d, &ok));
}

void help_reset(struct help_desk *d, struct npsd_names *names)
{
	struct npsd_names *old = d->names;
	bool ok;

	d->names = names ? names : d->names;
	help_command(
	    d, &(struct npsd_command){.what = NPSD_CMD_RESET, .session = ++d->session, .names = d->names});
	help_desk_step(d);
	cr_assert(help_command_back(d, &ok));
	cr_expect(ok);
	if (names)
		npsd_names_free(&old);
	d->pl.fold_lag = 0;
}

struct npsd_batch *help_batch(const struct help_desk *d, int32_t part, int64_t from, int64_t to)
{
	struct npsd_batch *b = calloc(1, sizeof *b);
	struct npsd_batch_part *p = &b->part[0];

	b->req = (struct npsd_request){.what = NPSD_REQ_COMMIT, .session = d->session};
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
	npsd_buf_init(&p->marks, NPSD_MARKS_ROOM);
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
	npsd_buf_free(&b->part[0].marks);
	npsd_buf_free(&b->totals);
	npsd_buf_free(&b->deltas);
	free(b);
}

struct npsd_admission *help_admission(const struct help_desk *d, const char *const *channels, int n)
{
	struct npsd_admission *values = calloc(1, sizeof *values);

	values->req = (struct npsd_request){.what = NPSD_REQ_ADMIT, .session = d->session};
	values->n = (uint32_t)n;
	npsd_buf_init(&values->text, 1000);
	for (int i = 0; i < n; i++) {
		values->value[i].dim = NPSD_DIM_channel;
		values->value[i].len = (uint16_t)strlen(channels[i]);
		values->value[i].at = (uint32_t)values->text.n;
		npsd_buf_addz(&values->text, channels[i]);
	}
	return values;
}

void help_admission_free(struct npsd_admission *values)
{
	npsd_buf_free(&values->text);
	free(values);
}

void help_request(struct help_desk *d, int worker, struct npsd_request *req)
{
	cr_assert(npsd_ring_push(worker == 2 ? d->pl.fold_to_commit : d->pl.worker_to_commit[worker], req));
	help_desk_step(d);
}

const char *help_request_back(struct help_desk *d, int worker)
{
	struct npsd_request *req;

	help_desk_step(d);
	req = npsd_ring_pop(worker == 2 ? d->pl.commit_to_fold : d->pl.commit_to_worker[worker]);
	if (!req)
		return "none";
	return req->end == NPSD_REQ_DONE ? "done" : req->end == NPSD_REQ_DROPPED ? "dropped" : "open";
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
