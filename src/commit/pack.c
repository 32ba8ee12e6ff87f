#include "commit/pack.h"

#include <inttypes.h>
#include <stdio.h>

#include "npsd/err.h"
#include "npsd/event.h"

static const char *ms_text(char out[24], int64_t ms, int64_t none, const char *none_text)
{
	snprintf(out, 24, "%" PRId64, ms);
	return ms == none ? none_text : out;
}

static void add_ms(struct npsd_script_build *b, int64_t ms)
{
	char text[24];

	npsd_script_argz(b, ms_text(text, ms, NPSD_TIME_NONE, ""));
}

/* A msgpack map, which may be missing. */
static void add_map(struct npsd_script_build *b, const struct npsd_buf *map)
{
	npsd_assert(!map->full);
	npsd_script_arg_ref(b, map->n ? map->p : "\x80", map->n ? map->n : 1);
}

/* A msgpack array of what `alerts` holds. */
static void add_alerts(struct npsd_script_build *b, const struct npsd_batch *batch)
{
	const unsigned char head[3] = {
	    0xdc, (unsigned char)(batch->nalerts >> 8), (unsigned char)batch->nalerts};

	npsd_assert(batch->nalerts <= NPSD_BATCH_ALERTS && !batch->alerts.full);
	npsd_script_arg(b, head, sizeof head);
	npsd_script_extend(b, batch->alerts.p, batch->alerts.n);
}

/* `FROM ` and the packed marks of the records counted last; empty: there are none. */
static void add_marks(struct npsd_script_build *b, const struct npsd_batch_part *part)
{
	struct npsd_str last = npsd_marks_last(&part->marks);

	if (last.n == 0) {
		npsd_script_argz(b, "");
		return;
	}
	npsd_script_argf(b, "%" PRId64 " ", part->marks_from);
	npsd_script_extend(b, last.p, last.n);
}

static void add_part(struct npsd_script_build *b, const struct npsd_batch_part *part)
{
	const struct npsd_part_state *end = &part->end;
	char stream[24], horizon[24], lateness[24];

	npsd_script_tp(b, end->tp);
	npsd_script_argz(b, end->claim);
	npsd_script_pos(b, part->from);
	npsd_script_pos(b, end->pos);
	npsd_script_argf(b, "%s %s %s", ms_text(stream, end->stream_ms, NPSD_TIME_NONE, "-"),
	    ms_text(horizon, end->horizon_ms, NPSD_TIME_NONE, "-"),
	    ms_text(lateness, end->lateness_ms, 0, "-"));
	add_ms(b, part->first_ms);
	npsd_assert(!part->rulings.full);
	npsd_script_arg_ref(b, part->rulings.p, part->rulings.n);
	add_marks(b, part);
}

void pack_commit(struct npsd_script_build *b, const struct npsd_names *names, const struct npsd_batch *batch,
    int64_t wall_ms)
{
	const struct npsd_config *cfg = b->cfg;

	npsd_assert(!batch->deltas.full);
	npsd_script_begin_private(b, NPSD_S_commit);
	npsd_script_private_key(b, "totals");
	npsd_script_private_key(b, "meta");
	npsd_script_public_key(b, "alerts");
	for (uint32_t i = 0; i < batch->nparts; i++)
		npsd_script_private_key(b, "rulings:%s/%" PRId32, cfg->topics[batch->part[i].end.tp.topic],
		    batch->part[i].end.tp.part);
	for (uint32_t i = 0; i < batch->nshards; i++)
		npsd_script_private_key(b, "log:%u", batch->shard[i].shard);
	for (uint32_t i = 0; i < batch->nparts; i++)
		npsd_script_private_key(b, "history:%s/%" PRId32, cfg->topics[batch->part[i].end.tp.topic],
		    batch->part[i].end.tp.part);
	npsd_script_header(b, names, batch->dict_len);
	npsd_script_argf(b, "%s:alerts:", cfg->prefix);
	add_ms(b, wall_ms);
	add_ms(b, batch->clock_ms);
	add_map(b, &batch->totals);
	add_map(b, &batch->meta);
	add_alerts(b, batch);
	npsd_script_int(b, cfg->alerts_keep);
	npsd_script_int(b, cfg->alerts_keep_bytes);
	npsd_script_int(b, batch->nparts);
	for (uint32_t i = 0; i < batch->nparts; i++)
		add_part(b, &batch->part[i]);
	for (uint32_t i = 0; i < batch->nshards; i++) {
		npsd_script_int(b, batch->shard[i].shard);
		npsd_script_arg_ref(b, batch->deltas.p + batch->shard[i].at, batch->shard[i].len);
	}
}

void pack_admit(
    struct npsd_script_build *b, const struct npsd_names *names, const struct npsd_admission *values)
{
	npsd_script_begin_private(b, NPSD_S_admit);
	npsd_script_private_key(b, "dictids");
	npsd_script_private_key(b, "dictcount");
	npsd_script_header(b, names, npsd_names_len_any(names));
	for (uint32_t i = 0; values && i < values->n; i++) {
		int dim = values->value[i].dim;

		npsd_script_int(b, dim);
		npsd_script_argz(b, npsd_dim_word(&b->cfg->sets, dim));
		npsd_script_int(b, b->cfg->caps[dim]);
		npsd_script_arg_ref(b, values->text.p + values->value[i].at, values->value[i].len);
	}
}

void pack_fence_check(struct npsd_script_build *b, const struct npsd_names *names, const struct held *held)
{
	npsd_script_begin_private(b, NPSD_S_fence_check);
	npsd_script_header(b, names, npsd_names_len_any(names));
	for (size_t i = 0; i < held->n; i++) {
		if (held->part[i].busy)
			continue;
		npsd_script_tp(b, held->part[i].tp);
		npsd_script_argz(b, held->part[i].claim);
		npsd_script_pos(b, held->part[i].pos);
	}
}
