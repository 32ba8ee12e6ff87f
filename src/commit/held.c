#include "commit/held.h"

#include <inttypes.h>
#include <stdio.h>

#include "npsd/err.h"

static struct held_part *find(struct held *h, struct npsd_tp tp)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->part[i].tp.topic == tp.topic && h->part[i].tp.part == tp.part)
			return &h->part[i];
	return NULL;
}

void held_release(struct held *h, struct npsd_tp tp)
{
	struct held_part *p = find(h, tp);

	if (!p)
		return;
	npsd_assert(!p->busy);
	*p = h->part[--h->n];
}

void held_acquire(struct held *h, const struct npsd_part_state *state)
{
	struct held_part *p;

	held_release(h, state->tp); /* an earlier claim and position */
	npsd_assert(h->n < NPSD_MAX_PARTS);
	p = &h->part[h->n++];
	*p = (struct held_part){.tp = state->tp, .pos = state->pos};
	memcpy(p->claim, state->claim, sizeof p->claim);
}

bool held_begin(struct held *h, const struct npsd_batch *b)
{
	npsd_assert(b->nparts > 0);
	for (uint32_t i = 0; i < b->nparts; i++) {
		const struct npsd_batch_part *part = &b->part[i];
		const struct held_part *p = find(h, part->end.tp);

		/* a batch that moved no position could not be distinguished from one that is stored already
		 */
		npsd_assert(npsd_pos_cmp(part->from, part->end.pos) < 0);
		if (!p || p->busy || strcmp(p->claim, part->end.claim) != 0 ||
		    npsd_pos_cmp(p->pos, part->from) != 0)
			return false;
	}
	for (uint32_t i = 0; i < b->nparts; i++)
		find(h, b->part[i].end.tp)->busy = true;
	return true;
}

void held_end(struct held *h, const struct npsd_batch *b)
{
	for (uint32_t i = 0; i < b->nparts; i++) {
		struct held_part *p = find(h, b->part[i].end.tp);

		npsd_assert(p && p->busy);
		p->pos = b->part[i].end.pos;
		p->busy = false;
	}
}

bool held_busy(const struct held *h)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->part[i].busy)
			return true;
	return false;
}

const struct held_part *held_named(const struct held *h, const struct npsd_config *cfg, const char *tp)
{
	char text[272]; /* Kafka's topic names have at most 249 bytes */

	for (size_t i = 0; i < h->n; i++) {
		snprintf(
		    text, sizeof text, "%s/%" PRId32, cfg->topics[h->part[i].tp.topic], h->part[i].tp.part);
		if (strcmp(text, tp) == 0)
			return &h->part[i];
	}
	return NULL;
}

const char *held_pos_text(char out[HELD_POS_TEXT], struct npsd_pos pos)
{
	snprintf(out, HELD_POS_TEXT, "%" PRIu32 ":%" PRId64, pos.inc, pos.offset);
	return out;
}
