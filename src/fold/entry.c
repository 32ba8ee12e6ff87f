#include "fold/entry.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "npsd/err.h"

#define DELTA_MAX INT32_MAX /* of a counter, by absolute value */
/* An older configuration may have had a finer or coarser finest step than this one. */
#define LEAST_STEP_S 60
#define START_MAX ((int64_t)NPSD_PANE_NUMBER_MAX * LEAST_STEP_S)
#define BATCH_MAX (512u << 10) /* of a batch's name */

enum { E_SEQ, E_H, E_B, E_C, E_X, E_D };

/* x = sha1hex(x of the entry before .. b) */
static void chain_of(char out[41], const char *before, struct npsd_str b)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	npsd_assert(md && EVP_DigestInit_ex(md, EVP_sha1(), NULL) &&
		    EVP_DigestUpdate(md, before, strlen(before)) && EVP_DigestUpdate(md, b.p, b.n) &&
		    EVP_DigestFinal_ex(md, digest, &n) && n == 20);
	EVP_MD_CTX_free(md);
	for (unsigned int i = 0; i < n; i++, out += 2)
		snprintf(out, 3, "%02x", digest[i]);
}

bool npsd_entry_follows(struct npsd_entry *e, const struct npsd_reply *r, const struct npsd_counts *c)
{
	*e = (struct npsd_entry){.header = npsd_reply_str(r, E_H),
	    .batch = npsd_reply_str(r, E_B),
	    .deltas = npsd_reply_str(r, E_D)};
	if (!npsd_reply_int(&e->seq, r, E_SEQ, -1) || e->seq != c->view.seq + 1 || e->batch.n > BATCH_MAX)
		return false;
	chain_of(e->hash, c->view.hash, e->batch);
	return npsd_reply_is(r, E_X, e->hash);
}

bool npsd_entry_header(struct npsd_entry *e)
{
	struct npsd_str chain = e->header, number;
	int64_t len;

	if (!npsd_str_cut(&e->config, &chain, ' ') || !npsd_str_cut(&number, &chain, ' ') ||
	    !npsd_str_number(&len, number, 0, NPSD_ID_MAX) || chain.n > 40)
		return false;
	e->dict.len = (uint32_t)len;
	snprintf(e->dict.chain, sizeof e->dict.chain, "%.*s", (int)chain.n, chain.p);
	return true;
}

bool npsd_delta_next(struct npsd_delta *d, struct npsd_unpack *u)
{
	uint32_t n = npsd_unpack_array(u);

	d->seg.hi = npsd_unpack_uint(u);
	d->seg.lo = npsd_unpack_uint(u);
	return npsd_pane_unpack(&d->pane, u, n - 2, DELTA_MAX) && d->pane.start_s < START_MAX &&
	       d->pane.start_s > -START_MAX && d->pane.start_s % LEAST_STEP_S == 0;
}

static bool is_after(const struct npsd_delta *d, const struct npsd_delta *before)
{
	if (d->seg.hi != before->seg.hi)
		return d->seg.hi > before->seg.hi;
	return d->seg.lo != before->seg.lo ? d->seg.lo > before->seg.lo
					   : d->pane.start_s > before->pane.start_s;
}

bool npsd_entry_check(const struct npsd_entry *e, const struct npsd_counts *c)
{
	struct npsd_unpack u = npsd_unpack_of(e->deltas.p, e->deltas.n);
	uint32_t n = npsd_unpack_array(&u);
	struct npsd_delta d[2];

	for (uint32_t i = 0; i < n; i++) {
		struct npsd_delta *now = &d[i % 2], *before = &d[(i + 1) % 2];

		if (!npsd_delta_next(now, &u) || (i > 0 && !is_after(now, before)) ||
		    !npsd_counts_may_hold(c, now->seg, e->dict.len))
			return false;
	}
	return !u.bad && u.p == u.end;
}
