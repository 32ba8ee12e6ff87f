#include "consume/topic_history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "npsd/err.h"
#include "script/result.h"

void history_free(struct history *h)
{
	free(h->last);
	free(h->cut);
	free(h->found);
	*h = (struct history){0};
}

static int compare_hashes(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int compare_offsets(const void *a, const void *b)
{
	const struct npsd_mark *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* --- what is stored --- */

/* A piece of the history, as commit.lua and history_add_cut() write it: `TOTAL FROM ` and packed marks.
 * FROM is `-` where the records were cut. */
struct piece {
	struct npsd_str packed;
	bool cut;
	int64_t from;
};

static bool read_piece(struct piece *out, struct npsd_str text)
{
	struct npsd_str total, from;
	int64_t n;

	if (!npsd_str_cut(&total, &text, ' ') || !npsd_str_cut(&from, &text, ' ') || text.n == 0 ||
	    text.n % NPSD_MARK_BYTES != 0 || !npsd_str_number(&n, total, 1, INT64_MAX))
		return false;
	out->packed = text;
	out->from = 0;
	out->cut = npsd_str_eq(from, NPSD_STR("-"));
	return out->cut || npsd_str_number(&out->from, from, 0, INT64_MAX - UINT32_MAX);
}

/* False: the offsets do not ascend, or are not before the position. */
static bool add_piece(struct history *h, const struct piece *p, int64_t *next, int64_t from)
{
	for (size_t i = 0; i < p->packed.n / NPSD_MARK_BYTES; i++) {
		struct npsd_mark m = npsd_marks_at(p->packed.p, p->from, i);

		if (p->cut) {
			h->cut[h->ncut++] = m.hash;
			continue;
		}
		if (m.offset < *next || m.offset >= h->pos.offset)
			return false;
		*next = m.offset + 1;
		if (m.offset >= from)
			h->last[h->nlast++] = m;
	}
	return true;
}

static bool read_last(struct history *h, const struct npsd_reply *list, int64_t from)
{
	size_t most = 1;
	struct piece p;
	int64_t next = 0;

	for (size_t i = 0; i < list->n; i++)
		most += npsd_reply_str(list, i).n / NPSD_MARK_BYTES;
	h->last = calloc(most, sizeof *h->last);
	h->cut = calloc(most, sizeof *h->cut);
	npsd_assert(h->last && h->cut);
	for (size_t i = 0; i < list->n; i++)
		if (!read_piece(&p, npsd_reply_str(list, i)) || !add_piece(h, &p, &next, from))
			return false;
	qsort(h->cut, h->ncut, sizeof *h->cut, compare_hashes);
	return true;
}

/* `OFFSET HASH MS` of each sparse mark, oldest first, each with `;` after it. Keeps the oldest and the
 * newest. */
static bool read_sparse(struct history *h, struct npsd_str text, int64_t low)
{
	struct npsd_str one, offset, hash;
	char hex[17] = "", *end;
	int64_t ms;

	while (text.n > 0) {
		struct npsd_mark m;

		if (!npsd_str_cut(&one, &text, ';') || !npsd_str_cut(&offset, &one, ' ') ||
		    !npsd_str_cut(&hash, &one, ' ') || hash.n != 16 ||
		    !npsd_str_number(&m.offset, offset, 0, INT64_MAX) ||
		    !npsd_str_number(&ms, one, 0, INT64_MAX))
			return false;
		memcpy(hex, hash.p, 16);
		m.hash = strtoull(hex, &end, 16);
		if (*end)
			return false;
		if (m.offset < low)
			continue;
		h->sparse[h->nsparse < HISTORY_RANGES - 1 ? h->nsparse++ : HISTORY_RANGES - 2] = m;
	}
	return true;
}

static void add_range(struct history *h, int64_t from, int64_t to)
{
	h->range[h->nranges++] = (struct history_range){from, to};
}

bool history_read(struct history *h, const struct npsd_reply *r, int64_t low, int64_t checked)
{
	history_free(h);
	if (!npsd_text_pos(&h->pos, npsd_reply_str(r, 1)) || !read_sparse(h, npsd_reply_str(r, 2), low) ||
	    !read_last(h, npsd_reply_at(r, 3), low > checked ? low : checked))
		return false;
	for (size_t i = 0; i < h->nsparse; i++)
		add_range(h, h->sparse[i].offset, h->sparse[i].offset + 1);
	if (h->nlast)
		add_range(h, h->last[0].offset, h->pos.offset);
	return true;
}

/* --- what Kafka holds --- */

const struct history_range *history_next(const struct history *h)
{
	return h->next < h->nranges ? &h->range[h->next] : NULL;
}

void history_found(struct history *h, const struct npsd_broker_event *e)
{
	h->next++;
	h->found = realloc(h->found, (h->nfound + e->n + 1) * sizeof *h->found);
	npsd_assert(h->found);
	if (e->n)
		memcpy(h->found + h->nfound, e->marks, e->n * sizeof *h->found);
	h->nfound += e->n;
}

/* The record at this offset now; NULL: there is none. */
static const struct npsd_mark *find(const struct history *h, const struct npsd_mark *m)
{
	return h->nfound ? bsearch(m, h->found, h->nfound, sizeof *m, compare_offsets) : NULL;
}

static bool differs(const struct history *h, const struct npsd_mark *m, bool holes)
{
	const struct npsd_mark *now = find(h, m);

	return now ? now->hash != m->hash : !holes;
}

/* The first offset that had no record and has one; the position: there is none. */
static int64_t find_new(const struct history *h)
{
	for (size_t k = 0; k < h->nfound && h->nlast; k++)
		if (h->found[k].offset >= h->last[0].offset &&
		    !bsearch(&h->found[k], h->last, h->nlast, sizeof *h->last, compare_offsets))
			return h->found[k].offset;
	return h->pos.offset;
}

/* Whether a record from number i on stands at another offset now, at or after `at`. */
static bool has_moved(const struct history *h, size_t i, int64_t at)
{
	size_t n = h->nlast - i;
	uint64_t *gone = calloc(n + 1, sizeof *gone);
	bool moved = false;

	npsd_assert(gone);
	for (size_t k = 0; k < n; k++)
		gone[k] = h->last[i + k].hash;
	qsort(gone, n, sizeof *gone, compare_hashes);
	for (size_t k = 0; k < h->nfound && !moved; k++) {
		const struct npsd_mark *now = &h->found[k],
				       *was = bsearch(now, h->last, h->nlast, sizeof *now, compare_offsets);

		if (now->offset >= at && !(was && was->hash == now->hash))
			moved = bsearch(&now->hash, gone, n, sizeof *gone, compare_hashes) != NULL;
	}
	free(gone);
	return moved;
}

enum history_verdict history_compare(const struct history *h, int64_t *at, int64_t low, bool holes)
{
	int64_t new = find_new(h);
	size_t i = 0;

	*at = -1;
	for (size_t k = 0; k < h->nsparse; k++)
		if (h->sparse[k].offset >= low && differs(h, &h->sparse[k], holes))
			return HISTORY_OTHER;
	for (; i < h->nlast; i++) {
		if (h->last[i].offset < low)
			continue;
		if (h->last[i].offset > new || differs(h, &h->last[i], holes))
			break;
		if (find(h, &h->last[i]))
			*at = h->last[i].offset + 1;
	}
	if (i == h->nlast && new == h->pos.offset)
		return HISTORY_SAME;
	return *at < 0 || has_moved(h, i, *at) ? HISTORY_OTHER : HISTORY_CUT;
}

/* --- after a cut --- */

static void add_text(struct npsd_script_build *b, struct npsd_buf *packed, int64_t *total, const char *from)
{
	if (packed->n == 0)
		return;
	*total += (int64_t)(packed->n / NPSD_MARK_BYTES);
	npsd_script_argf(b, "%" PRId64 " %s ", *total, from);
	npsd_script_extend(b, packed->p, packed->n);
	npsd_buf_clear(packed);
}

void history_add_cut(const struct history *h, struct npsd_script_build *b, int64_t at)
{
	struct npsd_buf packed;
	int64_t total = 0, from;
	char text[24] = "";
	size_t i = 0;

	npsd_buf_init(&packed, NPSD_MARKS_ROOM);
	for (; i < h->nlast && h->last[i].offset < at; i++) {
		npsd_marks_add(&packed, &from, h->last[i]);
		snprintf(text, sizeof text, "%" PRId64, from);
		if (packed.n == NPSD_MARKS_KEPT * NPSD_MARK_BYTES)
			add_text(b, &packed, &total, text);
	}
	add_text(b, &packed, &total, text);
	for (size_t k = i; k < h->nlast + h->ncut; k++) {
		npsd_marks_add(&packed, &from,
		    (struct npsd_mark){0, k < h->nlast ? h->last[k].hash : h->cut[k - h->nlast]});
		if (packed.n == NPSD_MARKS_KEPT * NPSD_MARK_BYTES)
			add_text(b, &packed, &total, "-");
	}
	add_text(b, &packed, &total, "-");
	npsd_buf_free(&packed);
}
