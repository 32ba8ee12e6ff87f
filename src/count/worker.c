#include "count/worker.h"

#include <stdlib.h>

#include "count/route.h"
#include "npsd/err.h"

#define CELLS (1u << 18)
#define SIDES (1u << 16)
#define ADMISSION_TEXT ((size_t)1 << 20)
#define LOG_FULL_MS 10 /* fold does not wake workers when its logs have become shorter */

static struct npsd_batch *batch_new(int64_t bytes)
{
	struct npsd_batch *b = malloc(sizeof *b);

	npsd_assert(b);
	npsd_batch_init(b);
	npsd_assert(npsd_buf_reserve(&b->deltas, (size_t)bytes));
	return b;
}

static void batch_free(struct npsd_batch *b)
{
	if (!b)
		return;
	for (int i = 0; i < NPSD_BATCH_PARTS; i++) {
		npsd_buf_free(&b->part[i].rulings);
		npsd_buf_free(&b->part[i].marks);
	}
	npsd_buf_free(&b->totals);
	npsd_buf_free(&b->meta);
	npsd_buf_free(&b->alerts);
	npsd_buf_free(&b->deltas);
	free(b);
}

struct npsd_worker *npsd_worker_new(struct npsd_pipeline *pl, int number)
{
	struct npsd_worker *k = calloc(1, sizeof *k);

	npsd_assert(k);
	k->pl = pl;
	k->cfg = pl->cfg;
	k->number = number;
	k->decoder = npsd_decoder_new(k->cfg);
	k->older = calloc((size_t)k->cfg->nolder + 1, sizeof(struct npsd_decoder *));
	k->alerter = npsd_alerter_new(k->cfg);
	k->batch = batch_new(k->cfg->batch_bytes);
	k->spare = batch_new(k->cfg->batch_bytes);
	npsd_buf_init(&k->admission.text, ADMISSION_TEXT);
	npsd_tables_init(&k->tables, CELLS, SIDES);
	k->most = 2 * npsd_route_most(k->cfg);
	npsd_assert(k->most < SIDES);
	k->row = calloc(CELLS + SIDES, sizeof *k->row);
	npsd_assert(k->row);
	npsd_worker_forget(k);
	return k;
}

void npsd_worker_free(struct npsd_worker **worker)
{
	struct npsd_worker *k = *worker;

	*worker = NULL;
	if (!k)
		return;
	/* commands in hand go back without a reply: the ring's owner frees them */
	if (k->command)
		npsd_assert(npsd_ring_push(k->pl->worker_to_group[k->number], k->command));
	if (k->next)
		npsd_assert(npsd_ring_push(k->pl->worker_to_group[k->number], k->next));
	for (size_t i = 0; i < k->nparts; i++)
		npsd_part_free(&k->part[i]);
	for (int t = 0; t < NPSD_MAX_TOPICS; t++)
		free(k->by_tp[t]);
	npsd_messages_drop(k);
	npsd_decoder_free(&k->decoder);
	for (int i = 0; i < k->cfg->nolder; i++)
		npsd_decoder_free(&k->older[i]);
	free(k->older);
	npsd_alerter_free(&k->alerter);
	npsd_tables_free(&k->tables);
	npsd_buf_free(&k->admission.text);
	batch_free(k->batch);
	batch_free(k->spare);
	batch_free(k->sent);
	free(k->row);
	free(k);
}

/* --- replies of commit --- */

static void request_back(struct npsd_worker *k, struct npsd_request *req)
{
	npsd_assert(req->end != NPSD_REQ_PENDING);
	if (req->end == NPSD_REQ_DROPPED)
		k->halted = true; /* commit has raised a fault; RESET follows */
	if (req == &k->admission.req) {
		k->admitting = false;
		return;
	}
	npsd_assert(k->sent && req == &k->sent->req);
	npsd_batch_clear(k->sent);
	k->spare = k->sent;
	k->sent = NULL;
}

static bool take_replies(struct npsd_worker *k)
{
	struct npsd_request *req;
	bool any = false;

	while ((req = npsd_ring_pop(k->pl->commit_to_worker[k->number]))) {
		request_back(k, req);
		any = true;
	}
	return any;
}

/* --- the step --- */

static bool seal_if_due(struct npsd_worker *k)
{
	bool pausing = k->command && k->command->what == NPSD_CMD_PAUSE;

	if (!npsd_batch_is_due(k, pausing))
		return false;
	npsd_batch_seal(k);
	return true;
}

static bool may_count(const struct npsd_worker *k)
{
	return k->fetching && !k->halted && !npsd_load_relaxed(&k->pl->log_full);
}

/* How long the step may wait: a batch that fills is sealed at its age. */
static int wait_of(const struct npsd_worker *k, int wait_ms)
{
	int64_t left;

	if (npsd_load_relaxed(&k->pl->log_full) && wait_ms > LOG_FULL_MS)
		wait_ms = LOG_FULL_MS;
	if (k->batch->nparts == 0 || k->sent || k->halted)
		return wait_ms;
	left = npsd_batch_due_mono_ms(k) - k->mono_ms;
	return left < wait_ms ? (left > 0 ? (int)left : 0) : wait_ms;
}

static bool fetch(struct npsd_worker *k, int wait_ms)
{
	k->in.n = k->pl->broker.fetch(k->pl->broker.self, k->number, k->in.msg, NPSD_MESSAGES_MAX, wait_ms);
	if (k->in.n == 0)
		return false;
	k->mono_ms = k->pl->clock.mono_ms(k->pl->clock.self);
	npsd_messages_decode(k);
	npsd_add_relaxed(&k->pl->records, 1);
	return true;
}

bool npsd_worker_step(struct npsd_worker *k, int wait_ms)
{
	bool did, may_fetch;

	k->mono_ms = k->pl->clock.mono_ms(k->pl->clock.self);
	did = take_replies(k);
	did |= npsd_worker_commands(k);
	did |= seal_if_due(k);
	may_fetch = may_count(k) && k->in.stage == NPSD_IN_NONE;
	if (may_fetch)
		did |= fetch(k, did ? 0 : wait_of(k, wait_ms));
	if (may_count(k))
		did |= npsd_messages_process(k);
	did |= seal_if_due(k);
	did |= npsd_worker_commands(k);
	if (!did && !may_fetch && wait_of(k, wait_ms) > 0)
		k->pl->broker.fetch(
		    k->pl->broker.self, k->number, NULL, 0, wait_of(k, wait_ms)); /* only waits */
	return did;
}
