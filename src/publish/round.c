#include "publish/round.h"

#include <string.h>

#include "npsd/err.h"

void npsd_round_reset(struct npsd_round *r)
{
	*r = (struct npsd_round){.next_mono_ms = INT64_MIN};
}

static void begin_record(const struct npsd_round *r, struct npsd_pub_context *c, const char *drop)
{
	npsd_buf_clear(&c->text);
	npsd_buf_addz(&c->text, c->v->hash);
	npsd_buf_addz(&c->text, " ");
	npsd_buf_addz(&c->text, c->v->positions);
	npsd_assert(!c->text.full);
	npsd_script_begin_private(&c->build, NPSD_S_round);
	c->build.connection = c->connection; /* another server may still have the keys that it forgets */
	npsd_script_private_key(&c->build, "rounds:%d", c->shard);
	npsd_pub_add_registry(c, c->shard);
	npsd_script_header(&c->build, c->v->names, npsd_names_len_any(c->v->names));
	npsd_script_int(&c->build, c->shard);
	npsd_script_int(&c->build, c->v->epoch);
	npsd_script_argz(&c->build, r->rev);
	npsd_script_arg_ref(&c->build, c->text.p, c->text.n);
	npsd_script_argz(&c->build, drop);
}

bool npsd_round_prepare(struct npsd_round *r, struct npsd_pub_context *c, struct npsd_registry *g,
    const struct npsd_series *s, const char *drop)
{
	bool needed = drop[0] != 0;

	npsd_pub_rev(r->rev, c);
	begin_record(r, c, drop);
	for (uint32_t k = 0; k < r->nkeys; k++)
		needed |= npsd_registry_add(g, c, s, r->key[k]);
	npsd_registry_forget(g, c, s);
	return needed || g->nforgotten > 0 || strcmp(r->rev, r->recorded) != 0;
}

bool npsd_round_begin(struct npsd_round *r, struct npsd_pub_context *c, bool record)
{
	r->at = 0;
	if (record && !npsd_pub_submit(c, NPSD_FLIGHT_ROUND))
		return false;
	r->phase = record ? NPSD_ROUND_RECORD : NPSD_ROUND_WRITE;
	return true;
}

bool npsd_round_recorded(
    struct npsd_round *r, int64_t *dict_len, struct npsd_pub_context *c, const struct npsd_done *done)
{
	if (!npsd_pub_ok(c, done, 2))
		return false;
	if (!npsd_reply_int(dict_len, done->reply, 1, 0))
		*dict_len = 0;
	memcpy(r->recorded, r->rev, sizeof r->recorded);
	r->phase = NPSD_ROUND_WRITE;
	return true;
}

void npsd_round_end(struct npsd_round *r, const struct npsd_pub_context *c)
{
	r->phase = NPSD_ROUND_NONE;
	r->next_mono_ms = c->now_mono_ms + c->cfg->publish_interval_ms / 4;
}
