#include "publish/verdict.h"

#include "publish/key.h"

/* *i: the segment if this shard holds it; UINT32_MAX otherwise. A segment of another shard is kept. */
static enum npsd_name_verdict of_segment(const struct npsd_pub_context *c, uint32_t *i, struct npsd_str seg)
{
	struct npsd_seg s;
	uint32_t found;

	*i = UINT32_MAX;
	if (!seg.p || !npsd_seg_parse(&s, seg, &c->cfg->sets, c->cfg->kinds_split, c->v->names))
		return NPSD_NAME_UNKNOWN;
	if (npsd_seg_shard(s, (uint32_t)c->cfg->shards) != (uint32_t)c->shard)
		return NPSD_NAME_KEPT;
	found = npsd_panes_find(c->v->panes, s, false);
	if (found == UINT32_MAX || !npsd_seg_holds(c, found))
		return NPSD_NAME_NOT_HELD;
	*i = found;
	return NPSD_NAME_KEPT;
}

/* name: `{SEG}:STEP` */
static enum npsd_name_verdict of_series(const struct npsd_holdings *h, struct npsd_str name)
{
	struct npsd_str step = {0};
	enum npsd_name_verdict verdict;
	uint32_t i;

	for (uint32_t n = name.n; n > 0 && !step.p; n--)
		if (name.p[n - 1] == ':')
			step = (struct npsd_str){name.p + n, name.n - n};
	name.n = step.p ? name.n - step.n - 1 : 0;
	verdict = of_segment(h->c, &i, npsd_in_braces(name));
	if (i == UINT32_MAX || npsd_series_holds(h->series, h->c, i, step))
		return verdict;
	return NPSD_NAME_NOT_HELD;
}

/* value: of the rank's dimension, in its written form */
static enum npsd_name_verdict of_ranked(
    const struct npsd_holdings *h, struct npsd_rank_key rank, struct npsd_str value)
{
	struct npsd_buf *seg = &h->c->name;
	enum npsd_name_verdict verdict;
	uint32_t i;

	npsd_buf_clear(seg);
	if (h->c->cfg->kinds_split)
		npsd_buf_addf(seg, "kind=%s,", npsd_kind_names[rank.kind]);
	npsd_buf_addf(seg, "%s=", h->c->cfg->sets.set[rank.set].name);
	npsd_buf_add(seg, value.p, value.n);
	if (seg->full) /* no value is so long */
		return h->c->shard == 0 ? NPSD_NAME_UNKNOWN : NPSD_NAME_KEPT;
	verdict = of_segment(h->c, &i, npsd_buf_str(seg));
	if (i == UINT32_MAX || npsd_rank_holds(h->ranks, h->c, i, rank))
		return verdict;
	return NPSD_NAME_NOT_HELD;
}

static enum npsd_name_verdict of_list(struct npsd_pub_context *c, struct npsd_str key)
{
	struct npsd_rank_key rank = {.window = -1};

	for (int s = 0; s < c->cfg->sets.n; s++) {
		npsd_index_name(&c->name, c->cfg, s);
		if (npsd_str_eq(key, npsd_buf_str(&c->name)))
			return NPSD_NAME_KEPT;
	}
	while (npsd_rank_next(c->cfg, &rank)) {
		npsd_rank_name(&c->name, c->cfg, rank);
		if (npsd_str_eq(key, npsd_buf_str(&c->name)))
			return NPSD_NAME_KEPT;
	}
	return NPSD_NAME_UNKNOWN;
}

enum npsd_orphan_kind npsd_orphan_kind(const struct npsd_config *cfg, struct npsd_str key)
{
	if (npsd_key_rest(cfg, key, "series").p)
		return NPSD_ORPHAN_SERIES;
	return npsd_key_rest(cfg, key, "index").p || npsd_key_rest(cfg, key, "rank").p ? NPSD_ORPHAN_LIST
										       : NPSD_ORPHAN_KEY;
}

enum npsd_name_verdict npsd_name_verdict(const struct npsd_holdings *h, enum npsd_orphan_kind kind,
    struct npsd_rank_key rank, struct npsd_str name)
{
	const struct npsd_config *cfg = h->c->cfg;
	struct npsd_str rest;
	uint32_t i;

	switch (kind) {
	case NPSD_ORPHAN_SERIES:
		return of_series(h, npsd_key_rest(cfg, name, "series"));
	case NPSD_ORPHAN_LIST:
		return h->c->shard == 0 ? of_list(h->c, name) : NPSD_NAME_KEPT;
	case NPSD_ORPHAN_MEMBER:
		return of_segment(h->c, &i, name);
	case NPSD_ORPHAN_RANKED:
		return of_ranked(h, rank, name);
	default:
		rest = npsd_key_rest(cfg, name, "v");
		return rest.p ? of_segment(h->c, &i, npsd_in_braces(rest)) : NPSD_NAME_KEPT;
	}
}
