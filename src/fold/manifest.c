#include "fold/manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SPAN_MAX (NPSD_PANE_NUMBER_MAX / NPSD_SPAN_PANES)

void npsd_manifest_version(char out[NPSD_VERSION_TEXT], int64_t epoch, int64_t seq)
{
	snprintf(out, NPSD_VERSION_TEXT, "%" PRId64 "-%" PRId64, epoch, seq);
}

void npsd_manifest_add_field(
    struct npsd_script_build *call, const struct npsd_counts *c, struct npsd_chunk_key key)
{
	npsd_script_argf(call, "chunk:%u/%" PRId64 "/%" PRId64, key.slice,
	    npsd_panes_step_s(c->view.panes, key.step), key.span);
}

/* A field that differs from what npsd writes by a byte could never be replaced, hence the second print. */
static bool read_chunk_field(struct npsd_counts *c, struct npsd_str field, struct npsd_str name)
{
	int nsteps = npsd_panes_nsteps(c->view.panes);
	struct npsd_chunk_key key = {0};
	struct npsd_chunk *chunk;
	char text[128], again[128];
	int64_t step_s, epoch;
	uint32_t number;
	int k, n;

	snprintf(text, sizeof text, "%.*s %.*s", (int)field.n, field.p, (int)name.n, name.p);
	if (sscanf(text, "chunk:%u/%" SCNd64 "/%" SCNd64 " %d-%" SCNd64 "-%u", &key.slice, &step_s, &key.span,
		&k, &epoch, &number) != 6)
		return false;
	n = snprintf(again, sizeof again, "chunk:%u/%" PRId64 "/%" PRId64 " %d-%" PRId64 "-%u", key.slice,
	    step_s, key.span, k, epoch, number);
	if ((size_t)n != (size_t)field.n + 1 + name.n || strcmp(text, again) != 0)
		return false;
	while (key.step < nsteps && npsd_panes_step_s(c->view.panes, key.step) != step_s)
		key.step++;
	if (key.step == nsteps || key.slice >= NPSD_SLICES || k != c->view.shard || key.span > SPAN_MAX ||
	    key.span < -SPAN_MAX || epoch < 0 || epoch >= c->view.epoch)
		return false;
	chunk = npsd_chunks_get(&c->chunks, key);
	chunk->epoch = epoch;
	chunk->number = number;
	chunk->named = true;
	return true;
}

static bool read_len(uint32_t *out, struct npsd_str v)
{
	int64_t len;

	if (!npsd_str_number(&len, v, 0, NPSD_ID_MAX))
		return false;
	*out = (uint32_t)len;
	return true;
}

/* False: it is too long, or has a zero in it. */
static bool read_text(char *out, size_t room, struct npsd_str v)
{
	return v.n < room && (size_t)snprintf(out, room, "%.*s", (int)v.n, v.p) == v.n;
}

static bool read_hash(char out[41], struct npsd_str v)
{
	return read_text(out, 41, v) && strspn(out, "0123456789abcdef") == 40;
}

/* X(field, how its value v is read; false: it is malformed). All must be there. */
#define FIELDS(X)                                                                                            \
	X(version, read_text(m->version, sizeof m->version, v))                                              \
	X(seq, npsd_str_number(&m->seq, v, 1, NPSD_SEQ_MAX))                                                 \
	X(hash, read_hash(c->view.hash, v))                                                                  \
	X(config, npsd_config_knows(c->cfg, v))                                                              \
	X(dict_len, read_len(&m->dict.len, v))                                                               \
	X(dict_chain, read_text(m->dict.chain, sizeof m->dict.chain, v))                                     \
	X(t_ms, npsd_str_number(&c->view.t_ms, v, -NPSD_TIME_MAX, NPSD_TIME_MAX))                            \
	X(dropped_ms, npsd_str_number(&c->dropped_ms, v, -NPSD_TIME_MAX, NPSD_TIME_MAX))                     \
	X(positions, npsd_source_positions_read(&c->progress, v))

#define X(field, read) FIELD_##field,
enum { FIELDS(X) NFIELDS };
#undef X

/* Fields of other names are those of a newer npsd. */
static bool read_field(struct npsd_manifest *m, struct npsd_counts *c, unsigned int *seen,
    struct npsd_str field, struct npsd_str v)
{
#define X(name, read)                                                                                        \
	if (npsd_str_eq(field, NPSD_STR(#name))) {                                                           \
		*seen |= 1u << FIELD_##name;                                                                 \
		return read;                                                                                 \
	}
	FIELDS(X)
#undef X
	return true;
}

/* `EPOCH-SEQ`, of an epoch before this one, and of the manifest's seq. */
static bool check_version(const struct npsd_manifest *m, int64_t epoch)
{
	char again[NPSD_VERSION_TEXT];
	int64_t written, seq;

	if (sscanf(m->version, "%" SCNd64 "-%" SCNd64, &written, &seq) != 2)
		return false;
	npsd_manifest_version(again, written, seq);
	return strcmp(again, m->version) == 0 && written >= 0 && written < epoch && seq == m->seq;
}

bool npsd_manifest_read(struct npsd_manifest *m, struct npsd_counts *c, const struct npsd_reply *fields)
{
	unsigned int seen = 0;

	*m = (struct npsd_manifest){0};
	if (fields->type != NPSD_REPLY_ARRAY)
		return false;
	for (size_t i = 0; i + 1 < fields->n; i += 2) {
		struct npsd_str field = npsd_reply_str(fields, i), v = npsd_reply_str(fields, i + 1);
		bool is_chunk = field.n >= 6 && memcmp(field.p, "chunk:", 6) == 0;

		if (!(is_chunk ? read_chunk_field(c, field, v) : read_field(m, c, &seen, field, v)))
			return false;
	}
	c->view.seq = m->seq;
	return fields->n == 0 || (seen == (1u << NFIELDS) - 1 && check_version(m, c->view.epoch));
}
