/* An entry of a shard's log: is it the one that follows, does its header fit, and then its deltas into the
 * panes. */
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/unpack.h"
#include "fold/fold.h"
#include "fold/pane.h"
#include "npsd/err.h"

#define DELTA_MAX INT32_MAX /* of a counter, in size */
/* An older configuration may have had a finer or coarser finest step than this one. */
#define LEAST_STEP_S 60
#define START_MAX ((int64_t)NPSD_PANE_NUMBER_MAX * LEAST_STEP_S)
#define BATCH_MAX (512u << 10) /* of a batch's name */

enum { E_SEQ, E_H, E_B, E_C, E_X, E_D };

struct delta {
	struct npsd_seg seg;
	int64_t pane_s;
	uint32_t bits;
	int64_t v[NPSD_NCOUNTER];
};

/* x = sha1hex(x of the entry before .. b) */
static void chain_of(struct npsd_fold *f, char out[41], const char *before, struct npsd_str b)
{
	unsigned char digest[SHA_DIGEST_LENGTH];

	npsd_buf_clear(&f->scratch);
	npsd_buf_addz(&f->scratch, before);
	npsd_buf_add(&f->scratch, b.p, b.n);
	npsd_assert(!f->scratch.full);
	SHA1((const unsigned char *)f->scratch.p, f->scratch.n, digest);
	for (int i = 0; i < SHA_DIGEST_LENGTH; i++, out += 2)
		snprintf(out, 3, "%02x", digest[i]);
}

/* `CONFIG DICT_LEN DICT_CHAIN` */
static bool parse_header(struct npsd_str *config, uint32_t *len, struct npsd_str *chain, struct npsd_str h)
{
	const char *one = h.n ? memchr(h.p, ' ', h.n) : NULL, *end = h.p + h.n, *two;
	int64_t number;

	two = one ? memchr(one + 1, ' ', (size_t)(end - one - 1)) : NULL;
	if (!two)
		return false;
	*config = (struct npsd_str){h.p, (uint32_t)(one - h.p)};
	*chain = (struct npsd_str){two + 1, (uint32_t)(end - two - 1)};
	if (!npsd_fold_number(&number, (struct npsd_str){one + 1, (uint32_t)(two - one - 1)}, -1))
		return false;
	*len = (uint32_t)number;
	return number >= 0 && number <= NPSD_ID_MAX && chain->n <= 40;
}

static bool next_delta(struct delta *d, struct npsd_unpack *u)
{
	uint32_t n = npsd_unpack_array(u);
	uint64_t bits;

	d->seg.hi = npsd_unpack_uint(u);
	d->seg.lo = npsd_unpack_uint(u);
	d->pane_s = npsd_unpack_int(u);
	bits = npsd_unpack_uint(u);
	d->bits = (uint32_t)bits;
	if (u->bad || bits == 0 || bits >> NPSD_NCOUNTER || n != 4 + (uint32_t)__builtin_popcount(d->bits))
		return false;
	for (uint32_t i = 0; i < n - 4; i++) {
		d->v[i] = npsd_unpack_int(u);
		if (d->v[i] == 0 || d->v[i] > DELTA_MAX || d->v[i] < -DELTA_MAX)
			return false;
	}
	return !u->bad && d->pane_s < START_MAX && d->pane_s > -START_MAX && d->pane_s % LEAST_STEP_S == 0;
}

static bool is_after(const struct delta *d, const struct delta *before)
{
	if (d->seg.hi != before->seg.hi)
		return d->seg.hi > before->seg.hi;
	return d->seg.lo != before->seg.lo ? d->seg.lo > before->seg.lo : d->pane_s > before->pane_s;
}

/* Whether every delta is whole, of a segment that may stand here, and behind the one before. */
static bool check_deltas(
    const struct npsd_fold *f, const struct npsd_shard *s, struct npsd_str bytes, uint32_t dict_len)
{
	struct npsd_unpack u = npsd_unpack_of(bytes.p, bytes.n);
	uint32_t n = npsd_unpack_array(&u);
	struct delta d[2];

	for (uint32_t i = 0; i < n; i++) {
		struct delta *now = &d[i % 2], *before = &d[(i + 1) % 2];

		if (!next_delta(now, &u) || (i > 0 && !is_after(now, before)) ||
		    !npsd_shard_may_hold(f, s, now->seg, dict_len))
			return false;
	}
	return !u.bad && u.p == u.end;
}

/* False: a counter would become larger than any that is counted. */
static bool add_delta(struct npsd_fold *f, struct npsd_shard *s, const struct delta *d)
{
	struct npsd_chunk_key key = {.bucket = npsd_chunk_bucket(d->seg)};
	uint32_t i;

	if (!npsd_shard_counts(f, d->seg))
		return true;
	i = npsd_shard_segment(s, d->seg);
	if (!npsd_panes_add(s->view.panes, i, d->pane_s, d->bits, d->v))
		return false;
	for (key.step = 0; key.step < f->nsteps; key.step++) {
		int64_t number = npsd_floor_div(d->pane_s, f->step_s[key.step]);

		if (number * f->step_s[key.step] < npsd_panes_kept_s(s->view.panes, key.step))
			continue;
		key.span = npsd_floor_div(number, NPSD_SPAN_PANES);
		npsd_chunks_mark(&s->chunks, key);
	}
	if (s->state == NPSD_SHARD_RUNS)
		npsd_pub_touch(s->pub, &s->view, i, d->pane_s, f->mono_ms);
	return true;
}

/* All deltas of an entry, which were checked. */
static bool add_deltas(struct npsd_fold *f, struct npsd_shard *s, struct npsd_str bytes)
{
	struct npsd_unpack u = npsd_unpack_of(bytes.p, bytes.n);
	uint32_t n = npsd_unpack_array(&u);
	struct delta d;

	for (uint32_t i = 0; i < n; i++)
		if (!next_delta(&d, &u) || !add_delta(f, s, &d))
			return false;
	return true;
}

/* Whether the dictionary reaches as far as the entry's, and is the same there. */
static enum npsd_applied check_header(
    struct npsd_fold *f, struct npsd_shard *s, struct npsd_str h, uint32_t *dict_len)
{
	struct npsd_str config, chain;

	if (!parse_header(&config, dict_len, &chain, h)) {
		npsd_fold_halt(
		    f, NPSD_FAULT_BROKEN, "log of shard %d has a malformed header", npsd_shard_number(f, s));
		return NPSD_APPLY_LATER;
	}
	if (!npsd_config_knows(f->pl->cfg, config)) {
		npsd_fold_halt(f, NPSD_FAULT_CONFIG, "log of shard %d was written under configuration %.*s",
		    npsd_shard_number(f, s), (int)config.n, config.p);
		return NPSD_APPLY_LATER;
	}
	s->need_len = *dict_len;
	snprintf(s->need_chain, sizeof s->need_chain, "%.*s", (int)chain.n, chain.p);
	return npsd_shard_dict(f, s) ? NPSD_APPLIED : NPSD_APPLY_LATER;
}

enum npsd_applied npsd_apply_entry(struct npsd_fold *f, struct npsd_shard *s, const struct npsd_reply *entry)
{
	struct npsd_str b = npsd_fold_str(entry, E_B), d = npsd_fold_str(entry, E_D);
	struct npsd_str h = npsd_fold_str(entry, E_H);
	char chain[41];
	uint32_t dict_len;
	int64_t seq;

	if (!npsd_fold_int(&seq, entry, E_SEQ, -1) || seq != s->view.seq + 1 || b.n > BATCH_MAX)
		return NPSD_APPLY_BROKEN;
	chain_of(f, chain, s->view.hash, b);
	if (!npsd_fold_is(entry, E_X, chain))
		return NPSD_APPLY_BROKEN;
	if (check_header(f, s, h, &dict_len) != NPSD_APPLIED)
		return NPSD_APPLY_LATER;
	/* the panes change last: where they cannot take it all, nothing of the shard is used any more */
	if (!check_deltas(f, s, d, dict_len) || !npsd_positions_batch(&s->positions, b) ||
	    !add_deltas(f, s, d)) {
		npsd_fold_halt(f, NPSD_FAULT_BROKEN, "log of shard %d is malformed at %lld",
		    npsd_shard_number(f, s), (long long)seq);
		return NPSD_APPLY_LATER;
	}
	s->view.seq = seq;
	memcpy(s->view.hash, chain, sizeof chain);
	s->entry_bytes = (int64_t)h.n + b.n + d.n;
	s->log_bytes += s->entry_bytes;
	return NPSD_APPLIED;
}
