#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "npsd/err.h"
#include "publish/pub.h"

bool npsd_pub_submit(struct npsd_pub *p, struct npsd_store *store, int slot, enum npsd_script script,
    const struct npsd_arg *keys, size_t nkeys, const struct npsd_arg *args, size_t nargs)
{
	/* 8 bits of the tag say the slot, the rest is the call's number: an answer to a forgotten call fits
	 * no slot. */
	uint64_t number = p->calls == UINT32_MAX ? 1 : p->calls + 1;
	struct npsd_call call = {
	    .tag = npsd_tag(NPSD_TAG_PUBLISH, p->shard, number << 8 | (uint64_t)slot),
	    .script = script,
	    .keys = keys,
	    .nkeys = nkeys,
	    .args = args,
	    .nargs = nargs,
	};

	_Static_assert(NPSD_NSLOT <= 256, "a slot is eight bits");
	npsd_assert(p->slot[slot] == 0);
	if (!store->submit(store->self, &call))
		return false;
	p->calls = number;
	p->slot[slot] = number;
	return true;
}

struct npsd_arg npsd_arg_z(const char *z)
{
	return (struct npsd_arg){z, strlen(z)};
}

struct npsd_arg npsd_arg_buf(const struct npsd_buf *b, size_t from, size_t to)
{
	return (struct npsd_arg){b->p + from, to - from};
}

void npsd_pub_private(struct npsd_pub *p, struct npsd_buf *out, const char *name)
{
	npsd_buf_addf(out, "{%s:alerts}:%s", p->cfg->prefix, name);
}

void npsd_pub_public(struct npsd_pub *p, struct npsd_buf *out, const char *name)
{
	npsd_buf_addz(out, p->cfg->prefix);
	npsd_buf_add(out, ":", 1);
	npsd_buf_addz(out, name);
}

void npsd_pub_header(struct npsd_pub_header *h, const struct npsd_pub *p, const struct npsd_shard_view *v)
{
	uint32_t len = npsd_names_len_any(v->names);

	snprintf(h->len, sizeof h->len, "%u", len);
	h->arg[0] = npsd_arg_z(p->cfg->hash);
	h->arg[1] = npsd_arg_z(h->len);
	h->arg[2] = npsd_arg_z(npsd_names_chain_any(v->names, len));
}

static bool text_is(const struct npsd_reply *r, const char *word)
{
	return r->type == NPSD_REPLY_STR && r->len == strlen(word) && memcmp(r->str, word, r->len) == 0;
}

bool npsd_pub_reply_is(const struct npsd_reply *r, const char *word, size_t n)
{
	return r->type == NPSD_REPLY_ARRAY && r->n >= n && r->n > 0 && text_is(&r->el[0], word);
}

int64_t npsd_pub_reply_int(const struct npsd_reply *r)
{
	if (r->type == NPSD_REPLY_INT)
		return r->integer;
	return r->type == NPSD_REPLY_STR ? strtoll(r->str, NULL, 10) : 0;
}

/* v in so many digits; what does not fit becomes the nearest that does. */
static int64_t within(int64_t v, int64_t most)
{
	return v < 0 ? 0 : v > most ? most : v;
}

void npsd_rev_write(char rev[NPSD_REV_LEN + 1], int64_t epoch, int64_t seq, int64_t t_ms)
{
	snprintf(rev, NPSD_REV_LEN + 1, "%013lld-%012lld-%013lld", (long long)within(epoch, 9999999999999),
	    (long long)within(seq, 999999999999), (long long)within(t_ms, 9999999999999));
}

void npsd_pub_failed(struct npsd_pub *p, const struct npsd_done *done, int64_t mono_ms)
{
	p->pause_ms = mono_ms + NPSD_PAUSE_MS;
	if (done->outcome == NPSD_LOST || done->outcome == NPSD_CANT_NOW) {
		if (npsd_log_every(&p->log_ms, mono_ms, 10000))
			npsd_log(
			    NPSD_LOG_WARN, "publish", "shard %d waits for Redis: %s", p->shard, done->text);
		return;
	}
	if (npsd_log_every(&p->log_ms, mono_ms, 10000))
		npsd_log(NPSD_LOG_ERROR, "publish", "shard %d: %s", p->shard,
		    done->outcome == NPSD_BROKEN ? done->text : "a script answered what is no answer");
}

void npsd_pub_refused(struct npsd_pub *p, const struct npsd_reply *r)
{
	const char *reason = r->n > 1 && r->el[1].type == NPSD_REPLY_STR ? r->el[1].str : "no reason";

	/* A stored rev begins with its epoch. */
	if (r->n > 2 && (strcmp(reason, "rev") == 0 || strcmp(reason, "epoch") == 0)) {
		int64_t epoch = npsd_pub_reply_int(&r->el[2]);

		if (epoch > p->seen)
			p->seen = epoch;
	}
	if (p->state == NPSD_PUB_OK)
		npsd_log(NPSD_LOG_INFO, "publish", "shard %d was refused (%s): it must be taken anew",
		    p->shard, reason);
	p->state = NPSD_PUB_RETAKE;
}
